// One draw from a row of logits: temperature, logit bias, top-k, top-p, min-p, then Gumbel-max with Philox, so the draw
// depends on (seed, purpose, step, prompt, sample, position) alone.
#pragma once
#include <cstdint>

namespace glossa {

struct SamplingSettings {
  float temperature;  // 0: the largest logit (lowest id wins a tie)
  int32_t top_k;      // 0: off
  float top_p;        // 1: off
  float min_p;        // 0: off; keeps p >= min_p * max p
  uint64_t seed;
};
// purpose: 0 rollout, 1 evaluation, 2 user sampling (the high byte of the step word)
struct DrawKey {
  uint32_t purpose, step, prompt, sample, position;
};

struct SamplingKernels {
  // bias [v] (added to the logits before the temperature) or null. scratch [v] floats. Returns the token.
  int32_t (*draw)(const float* logits, int64_t v, const float* bias, const SamplingSettings& settings,
                  const DrawKey& key, float* scratch);
};

}  // namespace glossa
