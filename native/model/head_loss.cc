#include "model/head_loss.h"

#include <algorithm>

namespace glossa {

void head_logits(Ops& ops, const Model& m, const Weights& w, const Rows& logits, const Rows& normed, int64_t rows) {
  ops.linear(logits, normed, w.matrix(m.head_matrix()), {}, false, rows);
}

void head_loss(Ops& ops, const Model& m, const Weights& w, const TokenLosses& all, const Rows& normed,
               const Rows& d_normed, const Rows& logits, int64_t rows) {
  // A row of logits is wide: half a block of them stays close.
  const int64_t most = std::min(rows, ops.block_rows() / 2);
  for (int64_t at = 0; at < rows; at += most) {
    const int64_t n = std::min(most, rows - at);
    const Rows block = logits.at(at), d_block = logits_gradient(m, block);
    TokenLosses loss = all;
    loss.targets += at;
    loss.terms += at;
    loss.results += at;
    if (loss.slopes) loss.slopes += at;
    head_logits(ops, m, w, block, normed.at(at), n);
    if (loss.supports) ops.restrict_to(block, loss.biases, loss.supports + at, n);
    ops.token_losses(d_block, block, loss, n);
    if (d_normed) ops.linear_backward(d_normed.at(at), d_block, w.matrix(m.head_matrix()), false, n);
  }
}

void head_logps(Ops& ops, const Model& m, const Weights& w, float inv_temperature, const int32_t* targets,
                const Biases& biases, const Support* supports, const Rows& normed, const Rows& logits, int64_t rows,
                int64_t head_rows, float* logps, float* entropies) {
  for (int64_t at = 0; at < rows; at += head_rows) {
    const int64_t n = std::min(head_rows, rows - at);
    head_logits(ops, m, w, logits, normed.at(at), n);
    if (supports) ops.restrict_to(logits, biases, supports + at, n);
    ops.logps(logits, inv_temperature, targets + at, logps + at, entropies + at, n);
  }
}

}  // namespace glossa
