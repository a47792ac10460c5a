// What adapters add to a product and to its gradient. The additions to an element come in one order, part by part, each
// a chain over the rank: a row's bits depend on that row alone, as without adapters.
#pragma once
#include "model/activations.h"
#include "model/weights.h"

namespace glossa {

// u of rows [row, row + rows) alone; x begins at the first of them.
void make_low_rank(Ops&, const Model&, const Weights&, int64_t matrix, const LowRankRows&, const Rows& x, int64_t row,
                   int64_t rows);
// y (rows from the first of the block on) += scale * (x A^T) B^T; u of rows [row, row + rows) is kept.
void add_low_rank(Ops&, const Model&, const Weights&, int64_t matrix, const LowRankRows&, const Rows& y, const Rows& x,
                  int64_t row, int64_t rows);
// dx += (scale * dy B) A; d_u of the rows is kept.
void add_low_rank_backward(Ops&, const Model&, const Weights&, int64_t matrix, const LowRankRows&, const Rows& dx,
                           const Rows& dy, int64_t row, int64_t rows);

}  // namespace glossa
