// Products on a GPU, of row-major operands. What fixes the bits of an element of C, whichever kernel makes it and
// however many rows there are:
//   float32   one chain of fused multiply-adds over ascending k, from c where it accumulates and else from zero; then
//             the bias is added. It is the CPU's chain.
//   bfloat16  one chain over ascending k, 16 at a time (multiply_add of tensor_core.h), from zero; then the bias, or
//   the c
//             it accumulates to, is added in float32; one rounding to the type of c.
#pragma once
#include "device/cuda/cuda.h"
#include "ops/operands.h"

namespace glossa {

// `count` columns or rows of an operand, each of k numbers: number l of the i-th is data[i * stride + l], or
// data[l * stride + i] where k goes down the rows.
template <class T>
struct Factor {
  const T* data;
  int64_t stride;
  int count;
  bool packs;  // its rows can be taken in packs of 16 bytes
};

struct ProductResult {
  void* data;
  int64_t stride;
  const float* bias;  // or null
  Dtype type;
  bool accumulate;
  bool pairs;  // elements can be taken two at a time
};

// C [a.count][b.count] (+)= A B^T (+ bias).
template <class T>
struct Product {
  Factor<T> a, b;
  ProductResult c;
  int k;
};

struct TilePlace {
  int row, column;
};

inline int64_t tiles_of(int64_t n, int64_t tile) {
  return (n + tile - 1) / tile;
}

// The block's tile of C. Blocks that run together should read little: groups of 8 tiles of rows go over the columns.
template <int Rows, int Columns>
__device__ inline TilePlace block_tile(int m, int n) {
  constexpr int kGroup = 8;
  const int down = (m + Rows - 1) / Rows, across = (n + Columns - 1) / Columns, block = static_cast<int>(blockIdx.x);
  const int first = block / (kGroup * across) * kGroup, height = min(kGroup, down - first), in = block - first * across;
  return {(first + in % height) * Rows, in / height * Columns};
}

// Two neighbours in a row of C, x from their chains.
template <class T>
__device__ inline void finish_pair(const ProductResult& c, int n, int row, int column, float x0, float x1) {
  T* const to = static_cast<T*>(c.data) + row * c.stride + column;
  const bool both = column + 1 < n;
  if (c.bias) {
    x0 += c.bias[column];
    if (both) x1 += c.bias[column + 1];
  }
  if (c.pairs && both) {
    if constexpr (sizeof(T) == 4) {
      float2* const pair = reinterpret_cast<float2*>(to);
      if (c.accumulate) x0 += pair->x, x1 += pair->y;
      *pair = make_float2(x0, x1);
    } else {
      uint32_t* const pair = reinterpret_cast<uint32_t*>(to);
      if (c.accumulate) x0 += __uint_as_float(*pair << 16), x1 += __uint_as_float(*pair & 0xffff0000u);
      *pair = pair_of(x0, x1);
    }
    return;
  }
  if (c.accumulate) {
    x0 += to_float(to[0]);
    if (both) x1 += to_float(to[1]);
  }
  to[0] = from_float<T>(x0);
  if (both) to[1] = from_float<T>(x1);
}

}  // namespace glossa
