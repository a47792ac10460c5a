// Tiles of queries and keys in a block's shared memory: which a block goes through, how they get there, and their
// products by the matrix instructions of a warp.
#pragma once
#include "device/cuda/tensor_core.h"
#include "ops/attention/attention_gpu.h"

namespace glossa {

constexpr int kTileWarps = 4, kTileThreads = kTileWarps * kWarp;
template <int HeadDim>
constexpr int kPitch = HeadDim + 8;

// How a tile's rows lie for the instructions of a warp: kPitch apart, so that the eight rows of a small matrix lie in
// different banks. Threads: of the block, which copy it together.
template <int HeadDim>
struct WarpTile {
  static constexpr int kHeadDim = HeadDim, kThreads = kTileThreads;
  __device__ static int at(int row, int column) { return row * kPitch<HeadDim> + column; }
};

// 2^x; what is very small becomes 0.
__device__ inline float power_of_two(float x) {
#if defined(__CUDA_ARCH__)
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#else
  return exp2f(x);
#endif
}

// Over the four lanes that hold a row of a product.
__device__ inline float row_max(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 2));
}
__device__ inline float row_sum(float x) {
  x += __shfl_xor_sync(0xffffffffu, x, 1);
  return x + __shfl_xor_sync(0xffffffffu, x, 2);
}

// c[i][j] += rows of a (16 i ..) times rows of b (8 j ..), over HeadDim columns.
template <int HeadDim, int M, int N>
__device__ inline void multiply_rows(float (&c)[M][N][4], const Bf16* a, const Bf16* b) {
  const int lane = threadIdx.x % kWarp;
  a += lane % 16 * kPitch<HeadDim> + lane / 16 * 8;
  b += (lane / 16 * 8 + lane % 8) * kPitch<HeadDim> + lane / 8 % 2 * 8;
#pragma unroll 4
  for (int k = 0; k < HeadDim; k += 16) {
    uint32_t x[M][4];
#pragma unroll
    for (int i = 0; i < M; ++i) load_matrices<false>(x[i], a + 16 * i * kPitch<HeadDim> + k);
#pragma unroll
    for (int j = 0; j < N; j += 2) {
      uint32_t y[4];
      load_matrices<false>(y, b + 8 * j * kPitch<HeadDim> + k);
#pragma unroll
      for (int i = 0; i < M; ++i) {
        multiply_add(c[i][j], x[i], {y[0], y[1]});
        multiply_add(c[i][j + 1], x[i], {y[2], y[3]});
      }
    }
  }
}

// c[i][j] += weights w (16 i .., of 16 K rows of b) times columns of b (8 j ..).
template <int HeadDim, int M, int N, int K>
__device__ inline void multiply_columns(float (&c)[M][N][4], const uint32_t (&w)[M][K][4], const Bf16* b) {
  const int lane = threadIdx.x % kWarp;
  b += lane % 16 * kPitch<HeadDim> + lane / 16 * 8;
#pragma unroll
  for (int k = 0; k < K; ++k)
#pragma unroll
    for (int j = 0; j < N; j += 2) {
      uint32_t y[4];
      load_matrices<true>(y, b + 16 * k * kPitch<HeadDim> + 8 * j);
#pragma unroll
      for (int i = 0; i < M; ++i) {
        multiply_add(c[i][j], w[i][k], {y[0], y[1]});
        multiply_add(c[i][j + 1], w[i][k], {y[2], y[3]});
      }
    }
}

// What a product left, as the operand of the next: columns 16 k .. of row i.
template <int N>
__device__ inline void to_operand(uint32_t (&w)[N / 2][4], const float (&c)[N][4]) {
#pragma unroll
  for (int k = 0; k < N / 2; ++k)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      w[k][2 * half] = pair_of(c[2 * k + half][0], c[2 * k + half][1]);
      w[k][2 * half + 1] = pair_of(c[2 * k + half][2], c[2 * k + half][3]);
    }
}

// A tile of keys of one run, from `first` on. `to` and `from`: what of it some row of the block sees.
struct KeyTile {
  bool own;
  int first, from, to;
};
// What rows see of a tile. A row is told by its own key's index.
struct Sight {
  bool own;
  int first, base, window_from;  // base: where own keys begin, among those of the tile's run
  __device__ Sight(const GpuAttention& a, const GpuSequence& s, const KeyTile& tile)
      : own(tile.own),
        first(tile.first),
        base(own ? 0 : static_cast<int>(s.prefix_length)),
        window_from(a.window > 0 ? base + 1 - a.window : INT32_MIN / 2) {}
  __device__ SeenKeys of(int row) const { return {row + window_from, own ? row + 1 : base}; }
  // Whether rows from `first_row` to `last_row` see nothing of it, and whether each sees all.
  __device__ bool none(int first_row, int last_row) const {
    return (own && first > last_row) || first + kKeyTile <= of(first_row).from;
  }
  __device__ bool all(int first_row, int last_row) const {
    return first + kKeyTile <= of(first_row).to && first >= of(last_row).from;
  }
};
// The tiles that the rows of a block see, whose first one is row `first_own` of its sequence's own, the last
// `last_own`. In shared memory: what is the same for all threads need not fill the registers of each.
struct KeyTiles {
  SeenKeys prefix, own;
  int of_prefix, count;
  int common;  // own keys that all rows see, but for a window
  // By all threads of the block; ends at a barrier.
  __device__ void plan(const GpuAttention& a, const GpuSequence& s, int first_own, int last_own) {
    if (threadIdx.x == 0) set(a, s, first_own, last_own);
    __syncthreads();
  }
  __device__ void set(const GpuAttention& a, const GpuSequence& s, int first_own, int last_own) {
    prefix = seen_of_prefix(a, s, first_own);
    own = {seen_of_own(a, first_own).from, last_own + 1};
    common = first_own + 1;
    of_prefix = prefix.from < prefix.to ? (prefix.to + kKeyTile - 1) / kKeyTile - prefix.from / kKeyTile : 0;
    count = of_prefix + (own.to + kKeyTile - 1) / kKeyTile - own.from / kKeyTile;
  }
  // Of them, those that rows from `first_row` to `last_row` of the block see: [begin, end).
  __device__ int begin(const GpuAttention& a, const GpuSequence& s, int first_row) const {
    const SeenKeys before = seen_of_prefix(a, s, first_row);
    if (before.from < before.to) return before.from / kKeyTile - prefix.from / kKeyTile;
    return of_prefix + seen_of_own(a, first_row).from / kKeyTile - own.from / kKeyTile;
  }
  __device__ int end(int last_row) const { return of_prefix + last_row / kKeyTile - own.from / kKeyTile + 1; }
  __device__ KeyTile at(int i) const {
    const bool is_own = i >= of_prefix;
    const SeenKeys& run = is_own ? own : prefix;
    const int first = (run.from / kKeyTile + (is_own ? i - of_prefix : i)) * kKeyTile;
    return {is_own, first, max(run.from, first), min(run.to, first + kKeyTile)};
  }
};

// f(row, column) for each 16 bytes of `Rows` rows of a tile that fall to the calling thread.
template <class Tile, int Rows, class F>
__device__ inline void each_piece(const F& f) {
  constexpr int kAcross = Tile::kHeadDim / 8, kAll = Rows * kAcross;
#pragma unroll 1  // addresses made before a loop would fill its registers
  for (int i0 = 0; i0 < kAll; i0 += Tile::kThreads) {
    const int i = i0 + static_cast<int>(threadIdx.x);
    if (kAll % Tile::kThreads == 0 || i < kAll) f(i / kAcross, i % kAcross * 8);
  }
}

// Begins to copy a tile's keys and values; those that no row sees become 0.
template <class Tile>
__device__ inline void copy_keys(Bf16* keys, Bf16* values, const GpuAttention& a, const GpuSequence& s, int kv_head,
                                 const KeyTile& tile) {
  constexpr int kRows = 16;  // which lie in one page
  const GpuPages& pages = tile.own ? s.own : s.prefix;
  const bool one_page = pages.positions % kKeyTile == 0;
  const int64_t to_value = value_offset(a, pages);
  const Bf16* from = static_cast<const Bf16*>(a.qkv);  // of the copies that read nothing
  for (int r0 = 0; r0 < kKeyTile; r0 += kRows) {
    const int first = tile.first + r0;
    if (one_page ? r0 == 0 && tile.from < tile.to : first < tile.to && first + kRows > tile.from)
      from = key_at<Bf16>(a, pages, kv_head, first);
    each_piece<Tile, kRows>([&](int row, int column) {
      const bool seen = first + row >= tile.from && first + row < tile.to;
      const int at = Tile::at(r0 + row, column);
      const Bf16* key = from + (seen ? (one_page ? r0 + row : row) * Tile::kHeadDim + column : 0);
      copy_async(keys + at, key, seen ? 16 : 0);
      copy_async(values + at, key + (seen ? to_value : 0), seen ? 16 : 0);
    });
  }
}

// Of a tile that has arrived, the pieces that the calling thread copied: a value that is no number becomes 0, and a
// number of its key none. So it reaches the rows that see the key through its score, and no other row.
template <class Tile>
__device__ inline void keep_numbers(Bf16* keys, Bf16* values) {
  constexpr uint32_t kExponent = 0x7f80;
  for (int r0 = 0; r0 < kKeyTile; r0 += 16)
    each_piece<Tile, 16>([&](int row, int column) {
      const int at = Tile::at(r0 + row, column);
      uint32_t* value = reinterpret_cast<uint32_t*>(values + at);
      for (int i = 0; i < 4; ++i)
        if ((value[i] & kExponent) == kExponent || (value[i] >> 16 & kExponent) == kExponent) {
          value[i] = 0;
          keys[at] = {0x7fff};
        }
    });
}

// Eight numbers of a row of queries, on their way into a tile: in bfloat16 the copy only begins. None of them are
// there: they become 0.
template <class Q>
__device__ inline void copy_piece(Bf16* to, const Q* from, bool there) {
  if constexpr (std::is_same_v<Q, Bf16>) {
    copy_async(to, from, there ? 16 : 0);
  } else {
    for (int i = 0; i < 8; i += kPack) {
      float x[kPack] = {};
      if (there) load_pack(x, from + i);
      store_pack(to + i, x);
    }
  }
}
template <class Q>
__device__ inline const Q* query_row(const GpuAttention& a, const GpuSequence& s, const QueryAt& at) {
  return static_cast<const Q*>(a.qkv) + (s.row0 + at.row) * a.width + at.head * a.head_dim;
}
// Queries [first, first + Rows) of a kv head, of `queries` in all, as rows of a tile.
template <class Tile, int Rows, class Q>
__device__ inline void copy_queries(Bf16* to, const GpuAttention& a, const GpuSequence& s, int kv_head, int first,
                                    int queries) {
  each_piece<Tile, Rows>([&](int row, int column) {
    const bool there = first + row < queries;
    const QueryAt at = query_at(a, kv_head, there ? first + row : 0);
    copy_piece(to + Tile::at(row, column), query_row<Q>(a, s, at) + column, there);
  });
}

}  // namespace glossa
