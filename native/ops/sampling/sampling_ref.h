// Sampling as a specification: plain float64, sorting, one token at a time.
#pragma once
#include <cstdint>
#include <vector>

#include "ops/sampling/sampling.h"

namespace glossa::ref {

// The law of the draw: the probability of each token after temperature, top-k, top-p and min-p.
std::vector<double> sampling_law(const std::vector<float>& logits, const std::vector<float>& bias,
                                 const SamplingSettings& settings);

// The uniform number of one token, from the counter that sampling.h describes.
double sampling_uniform(const SamplingSettings& settings, const DrawKey& key, uint32_t token);

struct Draw {
  int32_t token;
  double margin;  // by how much the winner's score is ahead of the next one's
};
Draw sampling_draw(const std::vector<float>& logits, const std::vector<float>& bias, const SamplingSettings& settings,
                   const DrawKey& key);

}  // namespace glossa::ref
