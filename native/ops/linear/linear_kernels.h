// Matrix products on packed weights. Every output element is one chain of multiply-adds in ascending k, whatever the
// number of rows, the blocking or the thread: a row has the same bits at m = 1 and m = 512.
#pragma once
#include <cstdint>

#include "base/dtype.h"

namespace glossa {

// Right operands are packed in panels of 32 output columns: [ceil(n/32)][k][32] for float32 and
// [ceil(n/32)][ceil(k/2)][32][2] for bfloat16, padded with zeros.
constexpr int64_t kPanel = 32;
int64_t packed_bytes(Dtype t, int64_t n, int64_t k);
// Columns [from, to) of row `n` of a packed matrix of k columns, as float32.
void unpack_row(Dtype t, const void* packed, int64_t k, int64_t n, int64_t from, int64_t to, float* out);

struct LinearKernels {
  // Packs the panels [panel0, panel1) of B for C = A * B^T; w [n][k] row-major with leading dimension ld, float32.
  void (*pack)(void* packed, Dtype t, const float* w, int64_t n, int64_t k, int64_t ld, int64_t panel0, int64_t panel1);
  // The same for C = A * B, w [k][n] row-major: the weights as the backward pass (dX = dY * W) needs them.
  void (*pack_transposed)(void* packed, Dtype t, const float* w, int64_t n, int64_t k, int64_t ld, int64_t panel0,
                          int64_t panel1);
  // c [m][n] = a [m][k] * packed, columns of panels [panel0, panel1) only. bias [n] or null. accumulate: c += (no
  // bias). a has the packed type; lda, ldc in elements. a's rows must be readable up to k only.
  void (*multiply)(float* c, int64_t ldc, const void* a, int64_t lda, int64_t m, const void* packed, Dtype t, int64_t n,
                   int64_t k, int64_t panel0, int64_t panel1, const float* bias, bool accumulate);
  // c [n][k] += sum over tokens, in order, of a[token][n] * b[token][k], rows [row0, row1) of c only.
  // For bfloat16 tokens are taken in pairs from the first: `tokens` must be even. scratch: outer_scratch_bytes.
  void (*accumulate_outer)(float* c, int64_t ldc, const void* a, int64_t lda, const void* b, int64_t ldb,
                           int64_t tokens, int64_t k, int64_t row0, int64_t row1, Dtype t, void* scratch);
};
int64_t outer_scratch_bytes(Dtype t, int64_t rows, int64_t k);  // per thread; independent of tokens

}  // namespace glossa
