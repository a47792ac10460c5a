#include "model/model.h"

#include <algorithm>
#include <unordered_map>

namespace glossa {
namespace {

class Names {
 public:
  explicit Names(const std::vector<TensorSpec>& specs) {
    for (const TensorSpec& s : specs) offsets_[s.name] = s.offset;
  }
  int64_t operator()(const std::string& name) const {
    auto it = offsets_.find(name);
    return it == offsets_.end() ? -1 : it->second;
  }

 private:
  std::unordered_map<std::string, int64_t> offsets_;
};

LayerOffsets layer_offsets(const Names& at, const ModelConfig& c, int64_t layer) {
  const std::string p = "model.layers." + std::to_string(layer) + ".", a = p + "self_attn.";
  LayerOffsets o{};
  o.qkv = at(a + "q_proj.weight");
  o.qkv_bias = at(a + "q_proj.bias");
  o.q_norm = at(a + "q_norm.weight");
  o.k_norm = at(a + "k_norm.weight");
  o.o = at(a + "o_proj.weight");
  o.gate_up = at(p + "mlp.gate_proj.weight");
  o.down = at(p + "mlp.down_proj.weight");
  for (size_t i = 0; i < o.norms.size(); ++i) o.norms[i] = c.block.norms[i] ? at(p + c.block.norms[i]) : -1;
  return o;
}

}  // namespace

const TensorSpec& tensor_at(const std::vector<TensorSpec>& tensors, int64_t offset) {
  auto after = std::upper_bound(tensors.begin(), tensors.end(), offset,
                                [](int64_t at, const TensorSpec& t) { return at < t.offset; });
  return *(after - 1);
}

Values Model::rope_of(int64_t layer) const {
  switch (config.attention_of(layer).rope) {
    case LayerRope::global:
      return global_rope;
    case LayerRope::local:
      return local_rope;
    case LayerRope::none:
      return {};
  }
  return {};
}

Result<Model> make_model(const ModelConfig& c, Dtype dtype, const std::vector<std::string>& trainable,
                         const LoraSettings& lora) {
  Model m{};
  m.config = c;
  m.shape = c.qkv_shape();
  m.dtype = dtype;
  m.attention_scale = static_cast<float>(c.score_scale());
  m.tensors = tensor_specs(c);
  m.parameters = parameter_count(c);

  Names at(m.tensors);
  m.embedding = at("model.embed_tokens.weight");
  m.final_norm = at("model.norm.weight");
  m.head = c.tied ? m.embedding : at("lm_head.weight");

  auto vector = [&](int64_t offset, int64_t size) {
    if (offset < 0) return;
    m.vectors.push_back({offset, m.vectors_size, size});
    m.vectors_size += size;
  };
  for (int64_t l = 0; l < c.layers; ++l) {
    LayerOffsets o = layer_offsets(at, c, l);
    m.layers.push_back(o);
    m.matrices.push_back({o.qkv, m.shape.width(), c.hidden});
    m.matrices.push_back({o.o, c.hidden, m.shape.q_width()});
    m.matrices.push_back({o.gate_up, 2 * c.ffn, c.hidden});
    m.matrices.push_back({o.down, c.hidden, c.ffn});
    bool whole = m.shape.qk_norm == QkNorm::whole;
    vector(o.norms[kBeforeAttention], c.hidden);
    vector(o.qkv_bias, m.shape.width());
    vector(o.q_norm, whole ? m.shape.q_width() : c.head_dim);
    vector(o.k_norm, whole ? m.shape.kv_width() : c.head_dim);
    for (NormOfLayer norm : {kAfterAttention, kBeforeMlp, kAfterMlp}) vector(o.norms[norm], c.hidden);
  }
  vector(m.final_norm, c.hidden);
  m.matrices.push_back({m.head, c.vocab, c.hidden});
  for (const MatrixSpec& w : m.matrices) m.matmul_parameters += w.n * w.k;
  if (lora.any()) {
    Result<Adapters> adapters = place_adapters(m, lora);
    if (!adapters.ok()) return adapters.status();
    m.adapters = adapters.take();
    m.matmul_parameters += m.adapters.parameters;
    m.trained = trained_adapters(m);
    return m;
  }
  Result<Trained> trained = trained_part(m, trainable);
  if (!trained.ok()) return trained.status();
  m.trained = trained.take();
  return m;
}

}  // namespace glossa
