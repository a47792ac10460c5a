// The row of the head on a GPU: log-probability and entropy of one row of float32 logits, by one block. Sampling,
// log-probabilities and the loss all go through here, so theirs are the same bits.
//
// A block's threads follow from the vocabulary alone. They take the row in steps: a step is kPacks packs of four
// columns a thread, a pack of the next thread behind that of the one before. A row that cannot be read in packs is
// taken in the same order, column by column.
#pragma once
#include <cfloat>

#include "device/cuda/cuda.h"

namespace glossa {

constexpr int kRowPacks = 4, kRowWarps = 16;
using RowStep = float[kRowPacks][kPack];

// About 1,024 columns a warp: a short row needs no more.
inline unsigned row_threads(int64_t vocab) {
  const int64_t warps = vocab / 1024;
  return static_cast<unsigned>(kWarp * (warps < 1 ? 1 : warps > kRowWarps ? kRowWarps : warps));
}
// Whether every row begins where a pack may.
inline bool rows_pack(const void* data, int64_t stride, int64_t pack_bytes) {
  return stride % kPack == 0 && reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(pack_bytes) == 0;
}

// The column of a thread's pack in the step that begins at column `first`.
__device__ inline int column_of(int first, int pack) {
  return first + (pack * static_cast<int>(blockDim.x) + static_cast<int>(threadIdx.x)) * kPack;
}
__device__ inline int columns_of_step() {
  return kRowPacks * kPack * static_cast<int>(blockDim.x);
}
// Columns [column, column + 4) of a row of v, `fill` past its end.
template <bool Packs>
__device__ inline void load_columns(float (&x)[kPack], const float* row, int column, int v, float fill) {
  if (Packs && column + kPack <= v) {
    load_pack(x, row + column);
  } else {
#pragma unroll
    for (int i = 0; i < kPack; ++i) x[i] = column + i < v ? row[column + i] : fill;
  }
}
template <bool Packs>
__device__ inline void load_step(RowStep& x, const float* row, int first, int v, float fill) {
#pragma unroll
  for (int p = 0; p < kRowPacks; ++p) load_columns<Packs>(x[p], row, column_of(first, p), v, fill);
}

// e^x is 0 below the floor, which keeps 0 * -inf out of sums. NaN stays NaN.
__device__ inline float floored(float x) {
  constexpr float kFloor = -110;
  return x < kFloor ? kFloor : x;
}

// Statistics of numbers x of which `max` is the largest: the sum of e^(x - max) and that of e^(x - max) (x - max).
struct Softmax {
  // Less than every number but -inf, so that x - max is a number even where a row begins with that.
  float max = -FLT_MAX, sum = 0, weighted = 0;

  __device__ void move_to(float larger) {
    // The first step begins at -FLT_MAX, and the difference may be -inf.
    const float d = floored(max - larger), e = expf(d);
    weighted = (weighted + sum * d) * e;
    sum = sum * e;
    max = larger;
  }
  // x * factor. A NaN or an infinite number makes the sums NaN, whatever is the largest.
  __device__ void add(const RowStep& x, float factor) {
    float largest = max;
#pragma unroll
    for (int p = 0; p < kRowPacks; ++p)
#pragma unroll
      for (int i = 0; i < kPack; ++i) largest = fmaxf(largest, x[p][i] * factor);
    move_to(largest);
    float s = 0, w = 0;
#pragma unroll
    for (int p = 0; p < kRowPacks; ++p)
#pragma unroll
      for (int i = 0; i < kPack; ++i) {
        const float d = floored(x[p][i] * factor - max), e = expf(d);
        s += e;
        w = fmaf(e, d, w);
      }
    sum += s;
    weighted += w;
  }
  // Over the threads of the block. shared: 32 numbers.
  __device__ void combine(float* shared) {
    move_to(block_max(max, shared));
    sum = block_sum(sum, shared);
    weighted = block_sum(weighted, shared);
  }
};

// What the head knows of a row. max and sum: of the tempered logits, for the gradient. top: the token's is the largest.
struct HeadRow {
  float logp, entropy, max, sum;
  bool top;
};

// logit: of the token, tempered.
__device__ inline HeadRow head_row(const Softmax& s, float logit) {
  const double log_sum = log(static_cast<double>(s.sum));
  return {static_cast<float>(static_cast<double>(logit - s.max) - log_sum),
          // H = log(sum) - sum(p * (x - max)): both parts are >= 0, so nothing cancels.
          static_cast<float>(log_sum - static_cast<double>(s.weighted) / static_cast<double>(s.sum)), s.max, s.sum,
          logit >= s.max};
}

}  // namespace glossa
