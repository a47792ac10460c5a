// Token embedding: a row copied out; its gradient added row by row in token order.
#pragma once
#include <cstdint>

namespace glossa {

struct EmbeddingKernels {
  void (*forward)(float* x, const float* table, const int32_t* ids, int64_t rows, int64_t d);
  // dtable [v][d] += multiplier * dx, columns [col0, col1) only (threads split columns, so the order of tokens never
  // changes).
  void (*backward)(float* dtable, const float* dx, const int32_t* ids, int64_t rows, int64_t d, int64_t col0,
                   int64_t col1, float multiplier);
};

}  // namespace glossa
