// What the kernels of an instruction set compute: see head.h.
#pragma once
#include "ops/head/head.h"

namespace glossa {

struct HeadKernels {
  // logits [v] -> log-probability of target and entropy of softmax(logits * inv_temperature). logits are left alone.
  // stats: {max, sum of exp} of the tempered logits, kept for gradient_row.
  void (*logp_row)(const float* logits, int64_t v, float inv_temperature, int32_t target, float* logp, float* entropy,
                   float stats[2]);
  // dlogits [v] of type t = inv_temperature * (slope.logp * (onehot(target) - p) - slope.entropy * p * (log p +
  // entropy)), p = softmax. dlogits may start where logits start (in place). Padding columns [v, ld) are the caller's
  // to zero.
  void (*gradient_row)(void* dlogits, Dtype t, const float* logits, int64_t v, float inv_temperature, int32_t target,
                       TokenSlope slope, float entropy, const float stats[2]);
};

}  // namespace glossa
