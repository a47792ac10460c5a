// What the kernels of attention by warpgroups share: tiles as wgmma reads them, and the products of two of them.
#pragma once
#include "device/cuda/warpgroup.h"
#include "ops/attention/attention_steps.h"

namespace glossa {

static_assert(kTileRows == kKeyTile);

// A tile that a block of so many warpgroups copies.
template <int HeadDim, int Warpgroups>
struct WarpgroupTile {
  static constexpr int kHeadDim = HeadDim, kThreads = Warpgroups * kWarpgroup;
  static constexpr int kSize = kTileRows * HeadDim, kBytes = 2 * kSize;
  __device__ static int at(int row, int column) { return place_in_tiles<HeadDim>(row, column); }
};

// The calling thread's place, the same for all that wgmma wants to agree.
struct WarpgroupPlace {
  int warpgroup, warp, lane;  // warp: of the warpgroup
};
__device__ inline WarpgroupPlace warpgroup_place() {
  const int thread = static_cast<int>(threadIdx.x);
  return {__shfl_sync(0xffffffffu, thread / kWarpgroup, 0), thread / kWarp % 4, thread % kWarp};
}

// c = rows of a times rows of b, tiles of 64 rows each, begun.
template <int HeadDim>
__device__ inline void begin_scores(float (&c)[8][4], const Bf16* a, const Bf16* b) {
  const Factor x = factor_at(a), y = factor_at(b);
#pragma unroll
  for (int k = 0; k < HeadDim / 16; ++k) multiply(c, columns_of(x, k), columns_of(y, k), k > 0);
  end_products();
}
// c += weights w of 64 rows of b times its columns, begun.
template <int N>
__device__ inline void begin_columns(float (&c)[N][4], const uint32_t (&w)[4][4], const Bf16* b) {
  const Factor y = factor_at(b);
#pragma unroll
  for (int k = 0; k < 4; ++k) multiply<true>(c, w[k], rows_of(y, k), true);
  end_products();
}

}  // namespace glossa
