// Weights of a new model: normal(0, initializer_range) by Philox, norms 1, biases 0; the same bits for the same seed.
#pragma once
#include "model/weight_source.h"

namespace glossa {

class FreshWeights : public WeightSource {
 public:
  FreshWeights(const Model& model, uint64_t seed) : model_(model), seed_(seed) {}
  Status read(int64_t offset, int64_t count, float* out) const override;

 private:
  const Model& model_;
  const uint64_t seed_;
};

}  // namespace glossa
