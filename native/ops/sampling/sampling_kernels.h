// What the kernels of an instruction set compute: see sampling.h.
#pragma once
#include "ops/sampling/sampling.h"

namespace glossa {

struct SamplingKernels {
  // bias [v] (added to the logits before the temperature; -inf forbids a token) or null. scratch [v] floats. Returns
  // the token, or -1 where there is none to draw: a logit that is NaN or +inf, or no finite one.
  int32_t (*draw)(const float* logits, int64_t v, const float* bias, const SamplingSettings& settings,
                  const DrawKey& key, float* scratch);
  // The filters alone: logits that they remove become -inf in place, and what is left is a bit each of kept
  // [kept_words(v)] (or null). NaN and +inf stay, for draw to find. scratch [v] floats.
  void (*filter)(float* logits, int64_t v, const SamplingSettings& settings, float* scratch, uint32_t* kept);
};

}  // namespace glossa
