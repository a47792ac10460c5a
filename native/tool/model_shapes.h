// Shapes of published models, for checks and benches with random weights.
#pragma once
#include <string>
#include <vector>

#include "model/families.h"

namespace glossa::tool {

struct ModelShape {
  const char* name;
  Family family;
  int64_t hidden, layers, heads, kv_heads, head_dim, ffn, vocab, context;
  float rms_eps;
  bool tied;
  RopeConfig rope;
  int64_t parameters;  // as published; 0: of no published model
};

// "tiny" has the parts of a large one at a size that an emulated device can compute.
inline const std::vector<ModelShape>& model_shapes() {
  constexpr RopeConfig kQwen = {RopeType::plain, 1e6, 1, 1, 4, 32768}, kOlmo = {RopeType::plain, 5e5, 1, 1, 4, 4096},
                       kLlama = {RopeType::llama3, 5e5, 32, 1, 4, 8192};
  static const std::vector<ModelShape> shapes = {
      {"tiny", Family::qwen2, 64, 2, 4, 2, 16, 96, 211, 512, 1e-6f, true, kQwen, 0},
      {"qwen2.5-0.5b", Family::qwen2, 896, 24, 14, 2, 64, 4864, 151936, 32768, 1e-6f, true, kQwen, 494032768},
      {"qwen2.5-1.5b", Family::qwen2, 1536, 28, 12, 2, 128, 8960, 151936, 32768, 1e-6f, true, kQwen, 1543714304},
      {"llama-3.2-1b", Family::llama, 2048, 16, 32, 8, 64, 8192, 128256, 131072, 1e-5f, true, kLlama, 1235814400},
      {"llama-3.2-3b", Family::llama, 3072, 28, 24, 8, 128, 8192, 128256, 131072, 1e-5f, true, kLlama, 3212749824},
      {"olmo-2-1b", Family::olmo2, 2048, 16, 16, 16, 128, 8192, 100352, 4096, 1e-6f, false, kOlmo, 1484916736},
      {"qwen3-1.7b", Family::qwen3, 2048, 28, 16, 8, 128, 6144, 151936, 40960, 1e-6f, true, kQwen, 1720574976},
  };
  return shapes;
}

// Null where there is none of this name.
inline const ModelShape* find_shape(const std::string& name) {
  for (const ModelShape& s : model_shapes())
    if (name == s.name) return &s;
  return nullptr;
}
inline std::string shape_names() {
  std::string names;
  for (const ModelShape& s : model_shapes()) names += (names.empty() ? "" : ", ") + std::string(s.name);
  return names;
}

// layers: fewer than the model has, or 0.
inline ModelConfig config_of(const ModelShape& s, int64_t layers = 0) {
  ModelConfig c{};
  c.family = s.family;
  c.block = family_row(s.family).block;
  c.hidden = s.hidden;
  c.layers = layers > 0 ? layers : s.layers;
  c.heads = s.heads;
  c.kv_heads = s.kv_heads;
  c.head_dim = s.head_dim;
  c.ffn = s.ffn;
  c.vocab = s.vocab;
  c.context = s.context;
  c.rms_eps = s.rms_eps;
  c.tied = s.tied;
  c.rope = s.rope;
  c.initializer_range = 0.02f;
  return c;
}

}  // namespace glossa::tool
