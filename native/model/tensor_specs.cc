#include "model/config.h"

namespace glossa {

std::vector<TensorSpec> tensor_specs(const ModelConfig& c) {
  std::vector<TensorSpec> specs;
  int64_t offset = 0;
  auto matrix = [&](const std::string& name, int64_t rows, int64_t cols) {
    specs.push_back({name, {rows, cols}, offset});
    offset += rows * cols;
  };
  auto vector = [&](const std::string& name, int64_t n) {
    specs.push_back({name, {n}, offset});
    offset += n;
  };
  auto norm = [&](const std::string& layer, NormOfLayer which) {
    if (c.block.norms[which]) vector(layer + c.block.norms[which], c.hidden);
  };
  int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  matrix("model.embed_tokens.weight", c.vocab, c.hidden);
  for (int64_t i = 0; i < c.layers; ++i) {
    std::string layer = "model.layers." + std::to_string(i) + ".", attention = layer + "self_attn.";
    norm(layer, kBeforeAttention);
    matrix(attention + "q_proj.weight", q, c.hidden);
    matrix(attention + "k_proj.weight", kv, c.hidden);
    matrix(attention + "v_proj.weight", kv, c.hidden);
    if (c.block.qkv_bias) {
      vector(attention + "q_proj.bias", q);
      vector(attention + "k_proj.bias", kv);
      vector(attention + "v_proj.bias", kv);
    }
    if (c.block.qk_norm != QkNorm::none) {
      bool whole = c.block.qk_norm == QkNorm::whole;
      vector(attention + "q_norm.weight", whole ? q : c.head_dim);
      vector(attention + "k_norm.weight", whole ? kv : c.head_dim);
    }
    matrix(attention + "o_proj.weight", c.hidden, q);
    for (NormOfLayer which : {kAfterAttention, kBeforeMlp, kAfterMlp}) norm(layer, which);
    matrix(layer + "mlp.gate_proj.weight", c.ffn, c.hidden);
    matrix(layer + "mlp.up_proj.weight", c.ffn, c.hidden);
    matrix(layer + "mlp.down_proj.weight", c.hidden, c.ffn);
  }
  vector("model.norm.weight", c.hidden);
  if (!c.tied) matrix("lm_head.weight", c.vocab, c.hidden);
  return specs;
}

int64_t parameter_count(const ModelConfig& config) {
  const TensorSpec last = tensor_specs(config).back();
  int64_t elements = 1;
  for (int64_t extent : last.shape) elements *= extent;
  return last.offset + elements;
}

}  // namespace glossa
