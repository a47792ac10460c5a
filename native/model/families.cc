#include "model/families.h"

#include <algorithm>
#include <cmath>

#include "model/json_number.h"
#include "model/layer_settings.h"

namespace glossa {
namespace {

using Lines = FamilyRow::Lines;

void refuse_attention_bias(Settings& in) {
  if (in.boolean("attention_bias", false))
    in.unsupported("attention_bias", "is true; of these families only qwen2 has attention biases here");
}
void refuse_mlp_bias(Settings& in) {
  if (in.boolean("mlp_bias", false)) in.unsupported("mlp_bias", "is true; MLP biases are not computed here");
}
void refuse_given(Settings& in, const char* key, const std::string& why) {
  if (in.given(key)) in.unsupported(key, why);
}

bool has_window(const LayerAttention& layer) {
  return layer.window > 0;
}
bool any_window(const ModelConfig& c) {
  return std::any_of(c.attention.begin(), c.attention.end(), has_window);
}
void write_no_bias(const ModelConfig&, Lines* lines) {
  lines->emplace_back("attention_bias", "false");
}

void read_llama(Settings& in, ModelConfig*) {
  refuse_attention_bias(in);
  refuse_mlp_bias(in);
}

// As in Transformers the layers with a window are those that layer_types names, or where that is not given all from
// max_window_layers on, and with use_sliding_window only.
void read_qwen(Settings& in, ModelConfig* c) {
  const bool in_use = in.boolean("use_sliding_window", false) && !in.is_null("sliding_window");
  const int64_t window = in_use ? in.integer("sliding_window", 1, int64_t{1} << 40, 4096) : 0;
  const int64_t first = in.integer("max_window_layers", 0, int64_t{1} << 40, 28);
  set_windows(in, c, sliding_layers(in, c->layers, [&](int64_t i) { return in_use && i >= first; }), window);
}
void read_qwen3(Settings& in, ModelConfig* c) {
  refuse_attention_bias(in);
  read_qwen(in, c);
}
void write_qwen(const ModelConfig& c, Lines* lines) {
  const bool any = any_window(c);
  if (!c.block.qkv_bias) write_no_bias(c, lines);
  lines->emplace_back("use_sliding_window", any ? "true" : "false");
  if (any) write_windows(c, has_window, true, lines);
}

void read_olmo2(Settings& in, ModelConfig*) {
  refuse_attention_bias(in);
}

void read_mistral(Settings& in, ModelConfig* c) {
  const int64_t window = read_window(in, 4096);
  set_windows(in, c, std::vector<bool>(static_cast<size_t>(c->layers), window > 0), window);
}
void write_mistral(const ModelConfig& c, Lines* lines) {
  const int64_t window = c.attention_of(0).window;
  lines->emplace_back("sliding_window", window > 0 ? std::to_string(window) : "null");
}

// Layers with a window have the local rope.
void read_local_layers(Settings& in, ModelConfig* c, int64_t every) {
  const std::vector<bool> slides = sliding_layers(in, c->layers, [&](int64_t i) { return (i + 1) % every != 0; });
  set_windows(in, c, slides, read_window(in, 4096));
  for (size_t i = 0; i < slides.size(); ++i)
    if (slides[i]) c->attention[i].rope = LayerRope::local;
}
void write_local_layers(const ModelConfig& c, Lines* lines) {
  write_no_bias(c, lines);
  write_windows(
      c, [](const LayerAttention& layer) { return layer.rope == LayerRope::local; }, true, lines);
}

void read_olmo3(Settings& in, ModelConfig* c) {
  refuse_attention_bias(in);
  read_local_layers(in, c, 4);
}

// A layer may have no rope, and be one with a window.
void read_smollm3(Settings& in, ModelConfig* c) {
  refuse_attention_bias(in);
  refuse_mlp_bias(in);
  const int64_t every = in.integer("no_rope_layer_interval", 1, 1 << 12, 4), window = read_window(in, 0);
  const Json* given = in.given("no_rope_layers");
  if (given && (given->kind != Json::Kind::array || static_cast<int64_t>(given->array.size()) < c->layers)) {
    in.invalid("no_rope_layers", "is not a list of at least num_hidden_layers, " + std::to_string(c->layers));
    given = nullptr;
  }
  std::vector<bool> ropes;
  for (int64_t i = 0; i < c->layers; ++i) {
    const Json* rope = given ? &given->array[static_cast<size_t>(i)] : nullptr;
    if (rope && rope->kind != Json::Kind::number && rope->kind != Json::Kind::boolean)
      in.invalid("no_rope_layers", "holds " + shown(*rope) + "; expected 1, for a layer with a rope, or 0");
    ropes.push_back(rope ? rope->boolean || rope->number != 0 : (i + 1) % every != 0);
  }
  const bool in_use = in.boolean("use_sliding_window", false) && window > 0;
  set_windows(in, c, sliding_layers(in, c->layers, [&](int64_t i) { return in_use && !ropes[static_cast<size_t>(i)]; }),
              window);
  for (size_t i = 0; i < ropes.size(); ++i)
    if (!ropes[i]) c->attention[i].rope = LayerRope::none;
}
void write_smollm3(const ModelConfig& c, Lines* lines) {
  std::string ropes;
  for (int64_t i = 0; i < c.layers; ++i)
    ropes += (i ? ", " : "[") + std::string(c.attention_of(i).rope == LayerRope::none ? "0" : "1");
  write_no_bias(c, lines);
  lines->emplace_back("mlp_bias", "false");
  lines->emplace_back("no_rope_layers", ropes + "]");
  write_windows(c, has_window, any_window(c), lines);
}

// Where some layers have a window, the others have no rope.
void read_exaone4(Settings& in, ModelConfig* c) {
  const int64_t window = read_window(in, 4096);
  const Json* pattern = in.given("sliding_window_pattern");
  if (pattern && pattern->kind == Json::Kind::string && !in.given("layer_types") && window > 0)
    in.invalid("sliding_window_pattern", "is " + shown(*pattern) + "; give layer_types, one of each layer");
  const bool number = !pattern || pattern->kind == Json::Kind::number;
  const int64_t every = number ? in.integer("sliding_window_pattern", 1, 1 << 12, 4) : 4;
  const std::vector<bool> slides =
      sliding_layers(in, c->layers, [&](int64_t i) { return window > 0 && (i + 1) % every != 0; });
  set_windows(in, c, slides, window);
  for (size_t i = 0; i < slides.size(); ++i)
    if (window > 0 && !slides[i]) c->attention[i].rope = LayerRope::none;
}
void write_exaone4(const ModelConfig& c, Lines* lines) {
  const bool in_use = any_window(c) || c.has_rope(LayerRope::none);
  write_windows(
      c, [&](const LayerAttention& layer) { return in_use && layer.rope != LayerRope::none; }, in_use, lines);
}

double multiplier(Settings& in, const char* key) {
  return in.real(key, 1e-9, 1e9, 1);
}
void read_granite(Settings& in, ModelConfig* c) {
  refuse_attention_bias(in);
  refuse_mlp_bias(in);
  c->embedding_multiplier = static_cast<float>(multiplier(in, "embedding_multiplier"));
  c->residual_multiplier = static_cast<float>(multiplier(in, "residual_multiplier"));
  c->attention_scale = multiplier(in, "attention_multiplier");
  c->logit_multiplier = static_cast<float>(1 / multiplier(in, "logits_scaling"));
}
void write_granite(const ModelConfig& c, Lines* lines) {
  write_no_bias(c, lines);
  lines->emplace_back("attention_multiplier", json_number(c.score_scale()));
  lines->emplace_back("embedding_multiplier", json_number(c.embedding_multiplier));
  lines->emplace_back("logits_scaling", json_number(1 / c.logit_multiplier));
  lines->emplace_back("mlp_bias", "false");
  lines->emplace_back("residual_multiplier", json_number(c.residual_multiplier));
}

void read_gemma3(Settings& in, ModelConfig* c) {
  refuse_attention_bias(in);
  for (const char* key : {"attn_logit_softcapping", "final_logit_softcapping"})
    refuse_given(in, key, "is set; soft caps are not computed here");
  if (in.boolean("use_bidirectional_attention", false))
    in.unsupported("use_bidirectional_attention", "is true; attention is causal here");
  read_local_layers(in, c, in.integer("sliding_window_pattern", 1, 1 << 12, 6));
  c->embedding_multiplier = static_cast<float>(std::sqrt(static_cast<double>(c->hidden)));
  c->attention_scale = 1 / std::sqrt(in.real("query_pre_attn_scalar", 0, 1e6, 256));
}
void write_gemma3(const ModelConfig& c, Lines* lines) {
  write_local_layers(c, lines);
  const double scalar = 1 / (c.score_scale() * c.score_scale());
  lines->emplace_back("query_pre_attn_scalar", std::to_string(std::max<int64_t>(std::llround(scalar), 1)));
  lines->emplace_back("rope_local_base_freq", json_number(c.local_rope.theta));
}

// Names of norms.
constexpr const char *kInput = "input_layernorm.weight", *kPostAttention = "post_attention_layernorm.weight",
                     *kPreMlp = "pre_feedforward_layernorm.weight", *kPostMlp = "post_feedforward_layernorm.weight";

constexpr BlockFeatures pre_norm(QkNorm qk_norm, bool qkv_bias) {
  return {{kInput, nullptr, kPostAttention, nullptr}, qk_norm, qkv_bias, Activation::silu, 0};
}
constexpr BlockFeatures post_norm(QkNorm qk_norm) {
  return {{nullptr, kPostAttention, nullptr, kPostMlp}, qk_norm, false, Activation::silu, 0};
}
constexpr BlockFeatures kSandwich = {
    {kInput, kPostAttention, kPreMlp, kPostMlp}, QkNorm::per_head, false, Activation::gelu_tanh, 1};

}  // namespace

const std::vector<FamilyRow>& families() {
  // never destroyed: a job may run while its process ends
  static const std::vector<FamilyRow>& rows = *new std::vector<FamilyRow>{
      {.family = Family::llama,
       .model_type = "llama",
       .architecture = "LlamaForCausalLM",
       .block = pre_norm(QkNorm::none, false),
       .kv_heads_follow = true,
       .read = read_llama,
       .write = write_no_bias},
      {.family = Family::qwen2,
       .model_type = "qwen2",
       .architecture = "Qwen2ForCausalLM",
       .block = pre_norm(QkNorm::none, true),
       .read = read_qwen,
       .write = write_qwen},
      {.family = Family::qwen3,
       .model_type = "qwen3",
       .architecture = "Qwen3ForCausalLM",
       .block = pre_norm(QkNorm::per_head, false),
       .head_dim = 128,
       .read = read_qwen3,
       .write = write_qwen},
      {.family = Family::olmo2,
       .model_type = "olmo2",
       .architecture = "Olmo2ForCausalLM",
       .block = post_norm(QkNorm::whole),
       .rms_eps = 1e-5,
       .kv_heads_follow = true,
       .read = read_olmo2,
       .write = write_no_bias},
      {.family = Family::mistral,
       .model_type = "mistral",
       .architecture = "MistralForCausalLM",
       .block = pre_norm(QkNorm::none, false),
       .read = read_mistral,
       .write = write_mistral},
      {.family = Family::olmo3,
       .model_type = "olmo3",
       .architecture = "Olmo3ForCausalLM",
       .block = post_norm(QkNorm::whole),
       .rms_eps = 1e-5,
       .rope_theta = 5e5,
       .local_theta = 5e5,
       .local_theta_key = "rope_theta",
       .kv_heads_follow = true,
       .read = read_olmo3,
       .write = write_local_layers},
      {.family = Family::smollm3,
       .model_type = "smollm3",
       .architecture = "SmolLM3ForCausalLM",
       .block = pre_norm(QkNorm::none, false),
       .rope_theta = 2e6,
       .tied = true,
       .read = read_smollm3,
       .write = write_smollm3},
      {.family = Family::exaone4,
       .model_type = "exaone4",
       .architecture = "Exaone4ForCausalLM",
       .block = post_norm(QkNorm::per_head),
       .rms_eps = 1e-5,
       .read = read_exaone4,
       .write = write_exaone4},
      {.family = Family::granite,
       .model_type = "granite",
       .architecture = "GraniteForCausalLM",
       .block = pre_norm(QkNorm::none, false),
       .kv_heads_follow = true,
       .read = read_granite,
       .write = write_granite},
      {.family = Family::gemma3,
       .model_type = "gemma3_text",
       .architecture = "Gemma3ForCausalLM",
       .block = kSandwich,
       .rope_theta = 1e6,
       .local_theta = 1e4,
       .local_theta_key = "rope_local_base_freq",
       .head_dim = 256,
       .tied = true,
       .activation_key = "hidden_activation",
       .read = read_gemma3,
       .write = write_gemma3},
  };
  return rows;
}

const FamilyRow& family_row(Family family) {
  return families()[static_cast<size_t>(family)];
}

}  // namespace glossa
