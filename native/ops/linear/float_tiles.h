// The product of float32 operands: a block makes 64 x 64 elements of C, a thread 4 x 4 of them, in one chain each.
#pragma once
#include "ops/linear/products.h"

namespace glossa {

constexpr int kFloatThreads = 256, kFloatTile = 64, kFloatDepth = 16, kFloatRow = kFloatTile + kPack;

// [kFloatDepth][kFloatRow], k down the rows however the operand lies; zeros beyond it.
template <bool Down>
__device__ inline void fill_floats(float* tile, const Factor<float>& f, int first, int k0, int k) {
#pragma unroll
  for (int x = static_cast<int>(threadIdx.x); x < kFloatTile * kFloatDepth; x += kFloatThreads) {
    const int i = Down ? x % kFloatTile : x / kFloatDepth, l = Down ? x / kFloatTile : x % kFloatDepth;
    const bool there = first + i < f.count && k0 + l < k;
    const int64_t at = Down ? (k0 + l) * f.stride + first + i : (first + i) * f.stride + k0 + l;
    tile[l * kFloatRow + i] = there ? f.data[at] : 0.0f;
  }
}

template <bool DownA, bool DownB>
__global__ void __launch_bounds__(kFloatThreads) multiply_floats(Product<float> p) {
  alignas(16) __shared__ float a[kFloatDepth * kFloatRow], b[kFloatDepth * kFloatRow];
  const TilePlace tile = block_tile<kFloatTile, kFloatTile>(p.a.count, p.b.count);
  const int row = static_cast<int>(threadIdx.x) / 16 * 4, column = static_cast<int>(threadIdx.x) % 16 * 4;
  float* const to = static_cast<float*>(p.c.data) + (tile.row + row) * p.c.stride + tile.column + column;
  const int high = p.a.count - tile.row - row, wide = p.b.count - tile.column - column;
  float c[4][4];
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) c[i][j] = p.c.accumulate && i < high && j < wide ? to[i * p.c.stride + j] : 0.0f;

  for (int k0 = 0; k0 < p.k; k0 += kFloatDepth) {
    __syncthreads();
    fill_floats<DownA>(a, p.a, tile.row, k0, p.k);
    fill_floats<DownB>(b, p.b, tile.column, k0, p.k);
    __syncthreads();
    // No further than k: a chain of -0 would become 0.
    const int depth = min(kFloatDepth, p.k - k0);
#pragma unroll 4
    for (int l = 0; l < depth; ++l) {
      float x[kPack], y[kPack];
      load_pack(x, a + l * kFloatRow + row);
      load_pack(y, b + l * kFloatRow + column);
#pragma unroll
      for (int i = 0; i < 4; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j) c[i][j] = fmaf(x[i], y[j], c[i][j]);
    }
  }

#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j)
      if (i < high && j < wide)
        to[i * p.c.stride + j] = p.c.bias ? c[i][j] + p.c.bias[tile.column + column + j] : c[i][j];
}

}  // namespace glossa
