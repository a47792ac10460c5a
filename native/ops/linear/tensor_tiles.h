// The product of bfloat16 operands: a block of four warps makes a tile of C. Tiles of both operands come into shared
// memory by asynchronous copies, several steps of k ahead of the matrix instructions that read them.
#pragma once
#include "device/cuda/tensor_core.h"
#include "ops/linear/products.h"

namespace glossa {

constexpr int kTensorThreads = 128;

// A block's tile of C, a warp's part of it, k of a step and how many steps have a place in shared memory.
template <int Rows, int Columns, int OfWarpRows, int OfWarpColumns, int Depth, int Stages>
struct Tiling {
  static constexpr int kRows = Rows, kColumns = Columns, kWarpRows = OfWarpRows, kWarpColumns = OfWarpColumns,
                       kDepth = Depth, kStages = Stages;
  static constexpr int kStage = (Rows + Columns) * Depth;  // elements
  static constexpr int64_t kShared = int64_t{2} * Stages * kStage;
};
// Products that fill the card with their tiles; those that do not; and, of few rows, those whose weights must be shared
// out among many blocks to come in at the memory's speed.
using LargeTiling = Tiling<128, 128, 64, 64, 64, 3>;
using MediumTiling = Tiling<64, 64, 32, 32, 64, 4>;
template <int Rows>
using SmallTiling = Tiling<Rows, 16, 16, 16, 128, Rows == 64 ? 4 : 8>;

// Rows of Width elements in shared memory, in chunks of 16 bytes, so exchanged within each row that the same chunk of
// eight rows lies in eight different groups of banks.
template <int Width>
__device__ inline int shared_place(int row, int column) {
  static_assert(Width % 64 == 0);
  return row * Width + ((column / 8 ^ row % 8) * 8);
}

// Columns [column0, column0 + Width) of rows [row0, row0 + Height) of an array of rows x columns; zeros beyond.
template <int Height, int Width>
__device__ inline void fill_tile(Bf16* tile, const Bf16* data, int64_t stride, int rows, int columns, int row0,
                                 int column0, bool packs) {
  constexpr int kChunks = Width / 8,
                kStep = kTensorThreads / kChunks;  // rows from one of a thread's chunks to its next
  static_assert(kStep % 8 == 0 && Height % kStep == 0);
  const int row = static_cast<int>(threadIdx.x) / kChunks, column = static_cast<int>(threadIdx.x) % kChunks * 8;
  const int width = min(max(columns - column0 - column, 0), 8), height = rows - row0 - row;
  const Bf16* from = data + (row0 + row) * stride + column0 + column;
  Bf16* to = tile + shared_place<Width>(row, column);
#pragma unroll
  for (int i = 0; i < Height; i += kStep, from += kStep * stride, to += kStep * Width) {
    const int count = i < height ? width : 0;
    if (packs) {
      copy_async(to, from, 2 * count);
      continue;
    }
    uint32_t x[4] = {};
#pragma unroll
    for (int j = 0; j < 8; ++j)
      if (j < count) x[j / 2] |= static_cast<uint32_t>(from[j].bits) << 16 * (j % 2);
    *reinterpret_cast<uint4*>(to) = make_uint4(x[0], x[1], x[2], x[3]);
  }
}

// A step of an operand in shared memory: [Count][Depth], or [Depth][Count] where k goes Down the rows.
template <bool Down, int Count, int Depth>
struct FactorTile {
  static constexpr int kWidth = Down ? Count : Depth;

  __device__ static void fill(Bf16* tile, const Factor<Bf16>& f, int first, int k0, int k) {
    if constexpr (Down)
      fill_tile<Depth, Count>(tile, f.data, f.stride, k, f.count, k0, first, f.packs);
    else
      fill_tile<Count, Depth>(tile, f.data, f.stride, f.count, k, first, k0, f.packs);
  }
  // What multiply_add takes as a, 16 rows and 16 of k.
  __device__ static void load_a(uint32_t (&x)[4], const Bf16* tile, int row, int k) {
    const int lane = threadIdx.x % 32;
    if constexpr (Down)
      load_matrices<true>(x, tile + shared_place<kWidth>(k + lane / 16 * 8 + lane % 8, row + lane / 8 % 2 * 8));
    else
      load_matrices<false>(x, tile + shared_place<kWidth>(row + lane % 16, k + lane / 16 * 8));
  }
  // What it takes as b, for two times 8 columns.
  __device__ static void load_b(uint32_t (&x)[4], const Bf16* tile, int column, int k) {
    const int lane = threadIdx.x % 32;
    if constexpr (Down)
      load_matrices<true>(x, tile + shared_place<kWidth>(k + lane % 16, column + lane / 16 * 8));
    else
      load_matrices<false>(x, tile + shared_place<kWidth>(column + lane / 16 * 8 + lane % 8, k + lane / 8 % 2 * 8));
  }
};

template <class T, bool DownA, bool DownB>
__global__ void __launch_bounds__(kTensorThreads) multiply_tensor(Product<Bf16> p) {
  using TileA = FactorTile<DownA, T::kRows, T::kDepth>;
  using TileB = FactorTile<DownB, T::kColumns, T::kDepth>;
  constexpr int kHigh = T::kWarpRows / 16, kWide = T::kWarpColumns / 16;  // 16 x 16 parts of a warp's tile
  GLOSSA_SHARED_MEMORY(memory);
  Bf16* const stages = reinterpret_cast<Bf16*>(memory);
  const TilePlace tile = block_tile<T::kRows, T::kColumns>(p.a.count, p.b.count);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int row = warp / (T::kColumns / T::kWarpColumns) * T::kWarpRows;
  const int column = warp % (T::kColumns / T::kWarpColumns) * T::kWarpColumns;
  const bool idle = row >= T::kRows || tile.row + row >= p.a.count || tile.column + column >= p.b.count;
  const int steps = (p.k + T::kDepth - 1) / T::kDepth;

  auto fill = [&](int step) {
    if (step < steps) {
      Bf16* const a = stages + step % T::kStages * T::kStage;
      TileA::fill(a, p.a, tile.row, step * T::kDepth, p.k);
      TileB::fill(a + T::kRows * T::kDepth, p.b, tile.column, step * T::kDepth, p.k);
    }
    end_copies();
  };

  float c[kHigh][2 * kWide][4] = {};
  for (int step = 0; step < T::kStages - 1; ++step) fill(step);
  for (int step = 0; step < steps; ++step) {
    wait_copies<T::kStages - 2>();
    __syncthreads();  // the step has come for every thread, and none reads the one before it any more
    fill(step + T::kStages - 1);
    if (idle) continue;
    const Bf16* const a = stages + step % T::kStages * T::kStage;
    const Bf16* const b = a + T::kRows * T::kDepth;
    uint32_t parts_a[2][kHigh][4], parts_b[2][kWide][4];  // those that are multiplied and those that come next
    auto load = [&](int which, int k) {
#pragma unroll
      for (int i = 0; i < kHigh; ++i) TileA::load_a(parts_a[which][i], a, row + 16 * i, k);
#pragma unroll
      for (int j = 0; j < kWide; ++j) TileB::load_b(parts_b[which][j], b, column + 16 * j, k);
    };
    load(0, 0);
#pragma unroll
    for (int k = 0; k < T::kDepth; k += 16) {
      const int now = k / 16 % 2;
      if (k + 16 < T::kDepth) load(1 - now, k + 16);
#pragma unroll
      for (int i = 0; i < kHigh; ++i)
#pragma unroll
        for (int j = 0; j < 2 * kWide; ++j) {
          const uint32_t(&pair)[4] = parts_b[now][j / 2];
          const uint32_t half[2] = {pair[j % 2 * 2], pair[j % 2 * 2 + 1]};
          multiply_add(c[i][j], parts_a[now][i], half);
        }
    }
  }
  if (idle) return;

#pragma unroll
  for (int i = 0; i < kHigh; ++i)
#pragma unroll
    for (int j = 0; j < 2 * kWide; ++j)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int r = tile.row + row + 16 * i + 8 * half + lane / 4, n = tile.column + column + 8 * j + lane % 4 * 2;
        if (r >= p.a.count || n >= p.b.count) continue;
        const float x0 = c[i][j][2 * half], x1 = c[i][j][2 * half + 1];
        if (p.c.type == Dtype::f32)
          finish_pair<float>(p.c, p.b.count, r, n, x0, x1);
        else
          finish_pair<Bf16>(p.c, p.b.count, r, n, x0, x1);
      }
}

}  // namespace glossa
