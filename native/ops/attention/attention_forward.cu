// Attention on a GPU by matrix instructions: many rows of a sequence, or one row of many sequences. Both take the 16
// rows of an instruction for queries of one kv head, and the same steps in the same order, so that a row has the same
// bits in either.
#include "ops/attention/attention_steps.h"

namespace glossa {
namespace {

// ---------------------------------------------------------------------------------------------------------------------
// Many rows: a block takes 64 M queries of one kv head, a warp 16 M of them; two tiles of keys and values, of which one
// arrives while the other is used.

// Float32 queries, which no plan of a GPU's own has, take no more registers than there are.
template <int HeadDim, class Q>
constexpr int kQueryTiles = HeadDim > 128 || std::is_same_v<Q, float> ? 1 : 2;
template <int HeadDim, class Q>
constexpr int kRowsShared = (64 * kQueryTiles<HeadDim, Q> + 4 * kKeyTile) * kPitch<HeadDim> * 2;

template <int HeadDim, class Q>
__global__ void __launch_bounds__(kTileThreads, 2) attention_rows(GpuAttention a) {
  constexpr int M = kQueryTiles<HeadDim, Q>, kQueries = 64 * M, kTile = kKeyTile * kPitch<HeadDim>, N = HeadDim / 8;
  GLOSSA_SHARED_MEMORY(memory);
  Bf16* queries_at = reinterpret_cast<Bf16*>(memory);
  Bf16* tiles_at = queries_at + kQueries * kPitch<HeadDim>;

  // The blocks with most keys begin first.
  const unsigned across = static_cast<unsigned>(a.count) * a.kv_heads;
  const GpuSequence& s = a.sequences[blockIdx.x % across / a.kv_heads];
  const int kv_head = static_cast<int>(blockIdx.x % a.kv_heads), queries = static_cast<int>(s.rows) * a.group;
  const int own0 = static_cast<int>(s.own0);
  const int first = static_cast<int>(gridDim.x / across - 1 - blockIdx.x / across) * kQueries;
  if (first >= queries) return;
  auto own_of = [&](int query) { return own0 + row_of(a, min(query, queries - 1)); };
  __shared__ KeyTiles tiles;
  tiles.plan(a, s, own_of(first), own_of(first + kQueries - 1));

  auto copy_tile = [&](int i) {
    Bf16* to = tiles_at + i % 2 * 2 * kTile;
    if (i < tiles.count) copy_keys<WarpTile<HeadDim>>(to, to + kTile, a, s, kv_head, tiles.at(i));
    end_copies();
  };
  copy_queries<WarpTile<HeadDim>, kQueries, Q>(queries_at, a, s, kv_head, first, queries);
  copy_tile(0);

  const int warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
  const int of_warp = first + 16 * M * warp;
  const int warp_from = own_of(of_warp), warp_to = own_of(of_warp + 16 * M - 1);
  const Bf16* q = queries_at + 16 * M * warp * kPitch<HeadDim>;
  float o[M][N][4] = {};
  SoftmaxRows rows[M];

  for (int t = 0; t < tiles.count; ++t) {
    const KeyTile tile = tiles.at(t);
    Bf16* keys = tiles_at + t % 2 * 2 * kTile;
    Bf16* values = keys + kTile;
    wait_copies<0>();
    // Where a row of the block does not see all that was copied.
    if ((tile.own && tile.to > tiles.common) || a.window > 0) keep_numbers<WarpTile<HeadDim>>(keys, values);
    __syncthreads();
    copy_tile(t + 1);

    const Sight sight(a, s, tile);
    if (sight.none(warp_from, warp_to)) continue;
    const bool all_seen = sight.all(warp_from, warp_to);
    uint32_t w[M][4][4];
#pragma unroll
    for (int i = 0; i < M; ++i) {
      float x[1][8][4] = {};
      multiply_rows<HeadDim>(x, q + 16 * i * kPitch<HeadDim>, keys);
      weigh(
          rows[i], x[0], a.exponent, tile.first, all_seen,
          [&](int half) { return sight.of(own_of(of_warp + 16 * i + 8 * half + lane / 4)); },
          [&](int half, float kept) { scale_row(o[i], half, kept); });
      pack_weights(w[i], rows[i], x[0]);
    }
    multiply_columns<HeadDim>(o, w, values);
  }

#pragma unroll
  for (int i = 0; i < M; ++i) store_outputs(a, s, kv_head, of_warp + 16 * i, queries, o[i], rows[i]);
}

// ---------------------------------------------------------------------------------------------------------------------
// One row of each sequence: a block takes 16 queries of one kv head. Its warps share a tile: for the scores by keys,
// for the outputs by columns.

constexpr int kWeightPitch = kKeyTile + 8;
template <int HeadDim>
constexpr int kStages = HeadDim > 128 ? 2 : 3;
template <int HeadDim>
constexpr int kRowShared = (16 + kStages<HeadDim> * 2 * kKeyTile) * kPitch<HeadDim> * 2 +
                           16 * kWeightPitch * 2 + kTileWarps * 16 * 4;

template <int HeadDim, class Q>
__global__ void __launch_bounds__(kTileThreads, 2) attention_row(GpuAttention a) {
  constexpr int kTile = kKeyTile * kPitch<HeadDim>, kRing = kStages<HeadDim>;
  constexpr int kPairs = HeadDim / 16, kPairsOfWarp = (kPairs + kTileWarps - 1) / kTileWarps;
  GLOSSA_SHARED_MEMORY(memory);
  Bf16* queries_at = reinterpret_cast<Bf16*>(memory);
  Bf16* tiles_at = queries_at + 16 * kPitch<HeadDim>;
  Bf16* weights_at = tiles_at + kRing * 2 * kTile;
  float* most_at = reinterpret_cast<float*>(weights_at + 16 * kWeightPitch);  // [warps][16]

  const unsigned across = static_cast<unsigned>(a.count) * a.kv_heads;
  const GpuSequence& s = a.sequences[blockIdx.x % across / a.kv_heads];
  const int kv_head = static_cast<int>(blockIdx.x % a.kv_heads), own = static_cast<int>(s.own0);
  const int first = static_cast<int>(blockIdx.x / across) * 16;
  if (s.rows == 0) return;
  __shared__ KeyTiles tiles;
  tiles.plan(a, s, own, own);

  auto copy_tile = [&](int i) {
    Bf16* to = tiles_at + i % kRing * 2 * kTile;
    if (i < tiles.count) copy_keys<WarpTile<HeadDim>>(to, to + kTile, a, s, kv_head, tiles.at(i));
    end_copies();
  };
  copy_queries<WarpTile<HeadDim>, 16, Q>(queries_at, a, s, kv_head, first, a.group);
  for (int i = 0; i + 1 < kRing; ++i) copy_tile(i);

  const int warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
  float o[kPairsOfWarp][1][2][4] = {}, largest[2] = {-INFINITY, -INFINITY}, sum[2] = {};
  for (int t = 0; t < tiles.count; ++t) {
    const KeyTile tile = tiles.at(t);
    const Bf16* keys = tiles_at + t % kRing * 2 * kTile;
    const Bf16* values = keys + kTile;
    wait_copies<kRing - 2>();
    __syncthreads();
    copy_tile(t + kRing - 1);

    float x[1][2][4] = {};
    multiply_rows<HeadDim>(x, queries_at, keys + 16 * warp * kPitch<HeadDim>);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float most = -INFINITY;
#pragma unroll
      for (int j = 0; j < 2; ++j)
#pragma unroll
        for (int c = 0; c < 2; ++c) {
          float& score = x[0][j][2 * half + c];
          score = masked(score, tile.first + 16 * warp + 8 * j + lane % 4 * 2 + c, {tile.from, tile.to});
          most = fmaxf(most, score);
        }
      most = row_max(most);
      if (lane % 4 == 0) most_at[16 * warp + 8 * half + lane / 4] = most;
    }
    __syncthreads();
    float kept[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float most = -INFINITY;
#pragma unroll
      for (int i = 0; i < kTileWarps; ++i) most = fmaxf(most, most_at[16 * i + 8 * half + lane / 4]);
      const Largest next = next_largest(largest[half], most, a.exponent);
      largest[half] = next.now;
      kept[half] = next.kept;
#pragma unroll
      for (int j = 0; j < 2; ++j)
        *reinterpret_cast<uint32_t*>(weights_at + (8 * half + lane / 4) * kWeightPitch + 16 * warp + 8 * j +
                                     lane % 4 * 2) =
            pair_of(weight_of(x[0][j][2 * half], a.exponent, next.subtracted),
                    weight_of(x[0][j][2 * half + 1], a.exponent, next.subtracted));
    }
    __syncthreads();
    uint32_t w[1][4][4];
#pragma unroll
    for (int k = 0; k < 4; ++k)
      load_matrices<false>(w[0][k], weights_at + lane % 16 * kWeightPitch + 16 * k + lane / 16 * 8);
#pragma unroll
    for (int half = 0; half < 2; ++half) sum[half] = add_weights(sum[half] * kept[half], w[0], half);
#pragma unroll
    for (int p = 0; p < kPairsOfWarp; ++p) {
      const int pair = warp + kTileWarps * p;
      if (pair >= kPairs) continue;
#pragma unroll
      for (int j = 0; j < 2; ++j)
#pragma unroll
        for (int c = 0; c < 4; ++c) o[p][0][j][c] *= kept[c / 2];
      multiply_columns<HeadDim>(o[p], w, values + 16 * pair);
    }
  }

#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const float all = row_sum(sum[half]), inverse = reciprocal(all);
    const int query = first + 8 * half + lane / 4;
    if (query >= a.group) continue;
    const int64_t at = s.row0 * a.heads + kv_head * a.group + query;
#pragma unroll
    for (int p = 0; p < kPairsOfWarp; ++p) {
      const int pair = warp + kTileWarps * p;
      if (pair >= kPairs) continue;
      uint32_t* out = reinterpret_cast<uint32_t*>(static_cast<Bf16*>(a.out) + at * HeadDim + 16 * pair) + lane % 4;
#pragma unroll
      for (int j = 0; j < 2; ++j)
        out[4 * j] = pair_of(o[p][0][j][2 * half] * inverse, o[p][0][j][2 * half + 1] * inverse);
    }
    if (a.stats && warp == 0 && lane % 4 == 0)
      *reinterpret_cast<float2*>(a.stats + 2 * at) = make_float2(largest[half] * kLnOf2, all);
  }
}

}  // namespace

bool attention_forward_tiled(Stream& stream, const GpuAttention& a, Dtype queries) {
  return with_head(a.head_dim, [&](auto head) {
    constexpr int kHead = decltype(head)::value;
    with_type(queries, [&](auto q) {
      using Q = decltype(q);
      const int64_t across = a.count * a.kv_heads;
      const int64_t all = static_cast<int64_t>(a.rows) * a.group, each = a.rows == 1 ? 16 : 64 * kQueryTiles<kHead, Q>;
      const unsigned blocks = static_cast<unsigned>(across * ((all + each - 1) / each));
      if (a.rows == 1)
        launch(stream, "attention_row", attention_row<kHead, Q>, blocks, kTileThreads, kRowShared<kHead>, a);
      else
        launch(stream, "attention_rows", attention_rows<kHead, Q>, blocks, kTileThreads, kRowsShared<kHead, Q>, a);
    });
  });
}

}  // namespace glossa
