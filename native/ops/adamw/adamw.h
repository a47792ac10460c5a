// AdamW (Loshchilov & Hutter, arXiv 1711.05101), PyTorch's order of operations, float32 master weights and moments.
#pragma once
#include <cstdint>

namespace glossa {

struct AdamWStep {
  float learning_rate, beta1, beta2, epsilon, weight_decay;
  float bias_correction1, bias_correction2;  // 1 - beta^t
  float clip;                                // factor on the gradient from global norm clipping, 1: none
};

}  // namespace glossa
