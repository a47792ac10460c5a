// What a model is made of: the features of its blocks and its sizes, read from config.json. Which families there are
// stands in model/families.cc.
#pragma once
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "base/dtype.h"
#include "base/status.h"
#include "ops/glu/glu.h"
#include "ops/qkv/qkv.h"

namespace glossa {

enum class Family : uint8_t { llama, qwen2, qwen3, olmo2, mistral, olmo3, smollm3, exaone4, granite, gemma3 };

enum NormOfLayer : int { kBeforeAttention, kAfterAttention, kBeforeMlp, kAfterMlp, kNormsOfLayer };

// What the blocks of a family have: x + after(attention(before(x))), x + after(mlp(before(x))).
struct BlockFeatures {
  const char* norms[kNormsOfLayer];  // what the weights are called in a layer; null: there is no such norm
  QkNorm qk_norm;
  bool qkv_bias;  // biases on q, k, v
  Activation activation;
  float norm_offset;  // added to the weights of all norms
};

enum class LayerRope : uint8_t { global, local, none };

struct LayerAttention {
  int64_t window = 0;  // keys that a row sees, its own among them; 0: all before it
  LayerRope rope = LayerRope::global;
};

struct ModelConfig {
  Family family;
  BlockFeatures block;
  int64_t hidden, layers, heads, kv_heads, head_dim, ffn, vocab, context;
  float rms_eps;
  bool tied;  // lm_head is the embedding
  RopeConfig rope, local_rope;
  std::vector<LayerAttention> attention;  // of each layer; empty: every one sees all keys and has the global rope
  float embedding_multiplier = 1;         // of the embeddings
  float residual_multiplier = 1;          // of what attention and MLP add to the residual stream
  float logit_multiplier = 1;
  double attention_scale = 0;  // of a score; 0: 1 / sqrt(head_dim)
  float initializer_range;
  std::vector<std::string> warnings;  // settings that say something which is not done
  std::string source;  // the text it was read from, which is what is saved again; empty where made in code

  QkvShape qkv_shape() const { return {heads, kv_heads, head_dim, block.qk_norm, rms_eps, block.norm_offset}; }
  bool has_rope(LayerRope) const;  // whether a layer has it
  double score_scale() const {
    return attention_scale > 0 ? attention_scale : 1 / std::sqrt(static_cast<double>(head_dim));
  }
  LayerAttention attention_of(int64_t layer) const {
    return attention.empty() ? LayerAttention{} : attention[static_cast<size_t>(layer)];
  }
};

// From the text of a Hugging Face config.json, old and new spellings of the rope settings. A feature that is not
// computed here (other rope types, experts, quantised weights, other activations, attention or MLP biases of other
// kinds, soft caps) is refused by name with MODEL_UNSUPPORTED; what is missing, out of range or contradictory with
// CONFIG_INVALID. What Transformers passes over is passed over. Defaults are those of Transformers. `where` names
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
