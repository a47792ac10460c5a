// From logits to log-probability and entropy, and back from the loss's slopes to the gradient with respect to the
// logits, one row at a time. The sampler and the trainer call the same row function, so their log-probabilities are the
// same bits.
#pragma once
#include <cstdint>

#include "base/dtype.h"

namespace glossa {

// How the loss of the step moves with a token's log-probability and entropy.
struct TokenSlope {
  float logp, entropy;
};

}  // namespace glossa
