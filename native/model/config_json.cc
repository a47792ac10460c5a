#include <utility>

#include "model/families.h"
#include "model/json_number.h"
#include "model/rope_settings.h"

namespace glossa {
namespace {

const char* torch_type(Dtype t) {
  return t == Dtype::f32 ? "float32" : t == Dtype::bf16 ? "bfloat16" : "float16";
}

void set(Json* object, const char* name, const std::string& text) {
  Json value = Json::parse(text, name).take();
  for (auto& [key, old] : object->object)
    if (key == name) {
      old = std::move(value);
      return;
    }
  object->object.push_back({name, std::move(value)});
}

// The text a configuration was read from with the type of the weights, under the names that it has there already, and
// with the old spelling of the rope where only the new one stands: without it Transformers before 5 takes another rope
// and says nothing.
std::string with_type(const ModelConfig& c, Dtype on_disk) {
  Json json = Json::parse(c.source, "config.json").take();
  const std::string type = json_quote(torch_type(on_disk));
  const bool told = json.find("dtype") != nullptr;
  if (told) set(&json, "dtype", type);
  if (!told || json.find("torch_dtype")) set(&json, "torch_dtype", type);  // the older one, which all versions read
  auto lacks = [&json](const char* name) { return !json.find(name) || json.find(name)->is_null(); };
  if (!lacks("rope_parameters")) {
    if (lacks("rope_theta")) set(&json, "rope_theta", json_number(c.rope.theta));
    const std::string scaling = scaling_text(c.rope);
    const char* local = family_row(c.family).local_theta_key;
    if (local && lacks(local)) set(&json, local, json_number(c.local_rope.theta));
    if (lacks("rope_scaling") && !scaling.empty()) set(&json, "rope_scaling", scaling);
  }
  return json_text(json) + "\n";
}

std::string rope_object(const RopeConfig& rope) {
  const std::string scaling = scaling_text(rope);
  return (scaling.empty() ? "{\"rope_type\": \"default\"" : scaling.substr(0, scaling.size() - 1)) +
         ", \"rope_theta\": " + json_number(rope.theta) + "}";
}

// In both spellings.
void write_rope(const ModelConfig& c, const FamilyRow& row, FamilyRow::Lines* lines) {
  const std::string scaling = scaling_text(c.rope);
  lines->emplace_back("rope_parameters", row.local_theta_key
                                             ? "{\"full_attention\": " + rope_object(c.rope) +
                                                   ", \"sliding_attention\": " + rope_object(c.local_rope) + "}"
                                             : rope_object(c.rope));
  lines->emplace_back("rope_scaling", scaling.empty() ? "null" : scaling);
  lines->emplace_back("rope_theta", json_number(c.rope.theta));
}

}  // namespace

std::string model_config_json(const ModelConfig& c, Dtype on_disk) {
  if (!c.source.empty()) return with_type(c, on_disk);
  const FamilyRow& row = family_row(c.family);
  FamilyRow::Lines lines = {
      {"architectures", "[" + json_quote(row.architecture) + "]"},
      {"attention_dropout", "0.0"},
      // Said outright: where they are absent some families have defaults of their own.
      {"bos_token_id", "null"},
      {"eos_token_id", "null"},
      {"pad_token_id", "null"},
      {"head_dim", std::to_string(c.head_dim)},
      {row.activation_key, c.block.activation == Activation::silu ? "\"silu\"" : "\"gelu_pytorch_tanh\""},
      {"hidden_size", std::to_string(c.hidden)},
      {"initializer_range", json_number(c.initializer_range)},
      {"intermediate_size", std::to_string(c.ffn)},
      {"max_position_embeddings", std::to_string(c.context)},
      {"model_type", json_quote(row.model_type)},
      {"num_attention_heads", std::to_string(c.heads)},
      {"num_hidden_layers", std::to_string(c.layers)},
      {"num_key_value_heads", std::to_string(c.kv_heads)},
      {"rms_norm_eps", json_number(c.rms_eps)},
  };
  write_rope(c, row, &lines);
  lines.emplace_back("tie_word_embeddings", c.tied ? "true" : "false");
  lines.emplace_back("torch_dtype", json_quote(torch_type(on_disk)));
  lines.emplace_back("vocab_size", std::to_string(c.vocab));
  row.write(c, &lines);
  std::string out = "{\n";
  for (size_t i = 0; i < lines.size(); ++i)
    out += "  " + json_quote(lines[i].first) + ": " + lines[i].second + (i + 1 < lines.size() ? ",\n" : "\n");
  return out + "}\n";
}

}  // namespace glossa
