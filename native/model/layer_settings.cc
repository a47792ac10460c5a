#include "model/layer_settings.h"

#include <algorithm>

namespace glossa {

std::vector<bool> sliding_layers(Settings& in, int64_t layers, const std::function<bool(int64_t)>& usual) {
  std::vector<bool> slides;
  const Json* types = in.given("layer_types");
  if (types && (types->kind != Json::Kind::array || static_cast<int64_t>(types->array.size()) != layers)) {
    in.invalid("layer_types", "is not a list of num_hidden_layers, " + std::to_string(layers));
    types = nullptr;
  }
  for (int64_t i = 0; i < layers; ++i) {
    if (!types) {
      slides.push_back(usual(i));
      continue;
    }
    const Json& type = types->array[static_cast<size_t>(i)];
    const std::string name = type.kind == Json::Kind::string ? type.string : "";
    if (name != "full_attention" && name != "sliding_attention")
      in.unsupported("layer_types",
                     "holds " + shown(type) + "; computed here are full_attention and sliding_attention");
    slides.push_back(name == "sliding_attention");
  }
  return slides;
}

int64_t read_window(Settings& in, int64_t fallback) {
  return in.is_null("sliding_window") ? 0 : in.integer("sliding_window", 1, int64_t{1} << 40, fallback);
}

void set_windows(Settings& in, ModelConfig* c, const std::vector<bool>& slides, int64_t window) {
  c->attention.resize(static_cast<size_t>(c->layers));
  for (size_t i = 0; i < slides.size(); ++i) {
    if (slides[i] && window == 0)
      in.unsupported(in.given("layer_types") ? "layer_types" : "sliding_window",
                     "has layer " + std::to_string(i) + " see a window of the last tokens, but none is in use");
    if (slides[i] && window < c->context) c->attention[i].window = window;
  }
}

void write_windows(const ModelConfig& c, const std::function<bool(const LayerAttention&)>& slides, bool in_use,
                   FamilyRow::Lines* lines) {
  std::string types;
  int64_t window = 0;
  for (int64_t i = 0; i < c.layers; ++i) {
    const LayerAttention layer = c.attention_of(i);
    window = std::max(window, layer.window);
    types += (i ? ", " : "[") + std::string(slides(layer) ? "\"sliding_attention\"" : "\"full_attention\"");
  }
  lines->emplace_back("layer_types", types + "]");
  lines->emplace_back("sliding_window", in_use ? std::to_string(window > 0 ? window : c.context) : "null");
}

}  // namespace glossa
