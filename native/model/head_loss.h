// The head over rows that carry loss: logits, log-probability, entropy, loss and its gradient in one sweep, a block of
// rows at a time, so that no tensor of all rows by the vocabulary is ever held unless it is small.
#pragma once
#include "loss/sequence_loss.h"
#include "model/forward.h"

namespace glossa {

// The gradient of logits, in their place.
inline Rows logits_gradient(const Model& m, const Rows& logits) {
  return {logits.data, m.dtype, logits.width, logits.stride * 4 / dtype_bytes(m.dtype)};
}

// Rows [0, rows) of normed, logits, the losses' arrays; d_normed (float32; or nothing, where the gradient ends here) is
// overwritten, and logits become their gradient.
void head_loss(Ops&, const Model&, const Weights&, const TokenLosses&, const Rows& normed, const Rows& d_normed,
               const Rows& logits, int64_t rows);

// Log-probability and entropy alone, of head_rows rows at a time, for which logits are scratch. Arrays start at the
// first of the rows; supports may be null (every token).
void head_logps(Ops&, const Model&, const Weights&, float inv_temperature, const int32_t* targets, const Biases&,
                const Support* supports, const Rows& normed, const Rows& logits, int64_t rows, int64_t head_rows,
                float* logps, float* entropies);

void head_logits(Ops&, const Model&, const Weights&, const Rows& logits, const Rows& normed, int64_t rows);

}  // namespace glossa
