#include "model/config.h"

#include <utility>

#include "model/families.h"
#include "model/rope_settings.h"
#include "model/settings.h"

namespace glossa {
namespace {

// Whatever the family.
void refuse_uncomputed(Settings& settings) {
  for (const char* key : {"quantization_config", "num_experts", "num_local_experts", "num_experts_per_tok"})
    if (settings.given(key)) settings.unsupported(key, "is set; quantised weights and experts are not computed here");
}

Activation read_activation(Settings& settings, const FamilyRow& row) {
  const Activation usual = row.block.activation;
  const std::string name = settings.text(row.activation_key, usual == Activation::silu ? "silu" : "gelu_pytorch_tanh");
  if (name == "silu" || name == "swish") return Activation::silu;
  if (name == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  settings.unsupported(row.activation_key, "is " + json_quote(name) + "; computed here are silu and gelu_pytorch_tanh");
  return usual;
}

// The settings that change nothing here and may still be missed.
std::vector<std::string> warnings_of(Settings& settings, const FamilyRow& row) {
  std::vector<std::string> warnings;
  auto warn = [&](const std::string& what) { warnings.push_back(settings.where() + ": " + what); };
  if (settings.real("attention_dropout", -1, 1, 0) != 0)
    warn("attention_dropout is not 0; nothing is dropped out here, as where a model is used and not trained");
  const Json* names = settings.given("architectures");
  if (names && names->kind != Json::Kind::array) settings.invalid("architectures", "is not a list");
  if (names)
    for (const Json& name : names->array)
      if (name.kind != Json::Kind::string || name.string != row.architecture)
        warn("architectures holds " + shown(name) + "; the model is taken as " + row.architecture);
  return warnings;
}

}  // namespace

bool ModelConfig::has_rope(LayerRope rope) const {
  for (int64_t l = 0; l < layers; ++l)
    if (attention_of(l).rope == rope) return true;
  return false;
}

Result<ModelConfig> parse_model_config(const std::string& text, const std::string& where) {
  Result<Json> json = Json::parse(text, where);
  if (!json.ok()) return Status("CONFIG_INVALID", json.status().message());
  if (json.value().kind != Json::Kind::object) return Status("CONFIG_INVALID", where + ": expected an object");
  Settings in(json.value(), where);

  std::string type = in.text("model_type", "");
  const FamilyRow* row = nullptr;
  std::string known;
  for (const FamilyRow& candidate : families()) {
    if (type == candidate.model_type) row = &candidate;
    known += (known.empty() ? "" : ", ") + std::string(candidate.model_type);
  }
  if (!row) {
    if (type.empty())
      in.invalid("model_type", "is missing; expected one of " + known);
    else
      in.unsupported("model_type", "is " + json_quote(type) + "; expected one of " + known);
    return in.status();
  }

  ModelConfig c{};
  c.family = row->family;
  c.block = row->block;
  c.block.activation = read_activation(in, *row);
  refuse_uncomputed(in);
  c.warnings = warnings_of(in, *row);
  c.hidden = in.integer("hidden_size", 1, 1 << 17);
  c.layers = in.integer("num_hidden_layers", 1, 1 << 12);
  c.heads = in.integer("num_attention_heads", 1, 1 << 12);
  // Where the key is absent Qwen's classes assume 32 heads whatever num_attention_heads is; null means as many as
  // heads.
  const Json* kv = json.value().find("num_key_value_heads");
  c.kv_heads = in.integer("num_key_value_heads", 1, 1 << 12, row->kv_heads_follow || kv ? c.heads : -1);
  c.ffn = in.integer("intermediate_size", 1, 1 << 20);
  c.vocab = in.integer("vocab_size", 1, (1 << 24) - 1);
  c.context = in.integer("max_position_embeddings", 1, 1 << 24);
  if (!in.status().ok()) return in.status();

  bool divided = !in.given("head_dim") && row->head_dim == 0;
  if (divided && c.hidden % c.heads != 0)
    in.invalid("hidden_size", "is " + std::to_string(c.hidden) + ", not a multiple of num_attention_heads, " +
                                  std::to_string(c.heads) + "; or give head_dim");
  c.head_dim = in.integer("head_dim", 2, 1 << 12, divided ? c.hidden / c.heads : row->head_dim);
  if (c.head_dim % 2 != 0 || c.head_dim == 0)
    in.invalid("head_dim", "is " + std::to_string(c.head_dim) + "; rotary embedding needs an even number");
  if (c.heads % c.kv_heads != 0)
    in.invalid("num_attention_heads", "is " + std::to_string(c.heads) + ", not a multiple of num_key_value_heads, " +
                                          std::to_string(c.kv_heads));
  c.rms_eps = static_cast<float>(in.real("rms_norm_eps", 0, 1, row->rms_eps));
  c.initializer_range = static_cast<float>(in.real("initializer_range", 0, 1, 0.02));
  c.tied = in.boolean("tie_word_embeddings", row->tied);
  if (row->local_theta_key) {
    const LayerRopes ropes = read_layer_ropes(in, row->rope_theta, row->local_theta_key, row->local_theta, c.context);
    c.rope = ropes.global;
    c.local_rope = ropes.local;
  } else {
    c.rope = c.local_rope = read_rope(in, row->rope_theta, c.context);
  }
  row->read(in, &c);
  if (!in.status().ok()) return in.status();
  c.source = text;
  return c;
}

}  // namespace glossa
