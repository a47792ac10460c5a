// Normalisers of an optimizer step: what one token's loss is multiplied by, known before anything is computed, so that
// the way the step is cut into micro-batches cannot change it.
#pragma once
#include <cstdint>
#include <vector>

#include "ops/head/head.h"

namespace glossa {

// tokens[i]: loss tokens of row i; mask[i] == 0 drops the row (null: none is dropped). Result: the scale of each token
// of row i. With N the tokens that are not dropped and B all rows, dropped or not:
//   supervised, dapo  1 / max(N, 1)
//   grpo              1 / (B * max(tokens[i], 1))
//   dr_grpo           1 / (B * max_completion_length)
std::vector<float> loss_scales(LossType, const std::vector<int64_t>& tokens, const uint8_t* mask,
                               int64_t max_completion_length);

}  // namespace glossa
