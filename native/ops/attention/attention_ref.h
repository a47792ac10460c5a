// Causal grouped-query attention in float64, written as the formula reads: the specification of every kernel.
// Keys lie in one run here (prefix and own joined); row r sees keys 0 .. first + r, of these the last `window` alone
// where that is not 0.
#pragma once
#include <cstdint>

#include "ops/qkv/qkv.h"

namespace glossa::ref {

// out, q [rows][heads][head_dim]; k, v [first + rows][kv_heads][head_dim].
void attention_forward(double* out, const double* q, const double* k, const double* v, int64_t rows, int64_t first,
                       const QkvShape& shape, double scale, int64_t window = 0);
// dq, dk, dv, laid out as q, k, v, are overwritten.
void attention_backward(double* dq, double* dk, double* dv, const double* dout, const double* q, const double* k,
                        const double* v, int64_t rows, int64_t first, const QkvShape& shape, double scale,
                        int64_t window = 0);

}  // namespace glossa::ref
