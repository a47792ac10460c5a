// What a model is made of: the block variants of Llama 3, Qwen2.5, Qwen3 and OLMo-2 as settings, read from config.json.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/dtype.h"
#include "base/status.h"
#include "ops/qkv/qkv.h"

namespace glossa {

enum class Family : uint8_t { llama, qwen2, qwen3, olmo2 };

struct ModelConfig {
  Family family;
  int64_t hidden, layers, heads, kv_heads, head_dim, ffn, vocab, context;
  float rms_eps;
  bool tied;       // lm_head is the embedding
  bool qkv_bias;   // biases on q, k, v
  bool post_norm;  // OLMo-2: x + norm(attn(x)), x + norm(mlp(x)), no input norms
  QkNorm qk_norm;
  RopeConfig rope;
  float initializer_range;
  std::vector<std::string> warnings;  // settings that say something which is not done
  std::string source;  // the text it was read from, which is what is saved again; empty where made in code
  QkvShape qkv_shape() const { return {heads, kv_heads, head_dim, qk_norm, rms_eps}; }
};

// From the text of a Hugging Face config.json, old and new spellings of the rope settings. A feature that is not
// computed here (sliding window in use, other rope types, experts, quantised weights, other activations, attention or
// MLP biases of other kinds) is refused by name with MODEL_UNSUPPORTED; what is missing, out of range or contradictory
// with CONFIG_INVALID. What Transformers passes over is passed over. Defaults are those of Transformers. `where` names
// the file in messages.
Result<ModelConfig> parse_model_config(const std::string& json, const std::string& where);
// The config.json of weights stored in `on_disk`: the text the configuration was read from, with that type, and the
// old spelling of the rope settings beside the new one. Where there is no such text: Hugging Face layout, new spelling
// of the rope settings with the old beside it, token ids null.
std::string model_config_json(const ModelConfig& config, Dtype on_disk);

// One tensor of the checkpoint: a run of rows of a (possibly fused) parameter.
struct TensorSpec {
  std::string name;            // Hugging Face name
  std::vector<int64_t> shape;  // [rows, cols] or [n]
  int64_t offset;              // in elements from the start of the flat parameter vector
};
// q|k|v and gate|up lie end to end, so each fused weight is one matrix and each named tensor a slice of it. There are
// no gaps: offsets are multiples of 16 wherever the model's widths are, and the vector has parameter_count elements.
std::vector<TensorSpec> tensor_specs(const ModelConfig& config);
int64_t parameter_count(const ModelConfig& config);

}  // namespace glossa
