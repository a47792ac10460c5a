// The backward pass of attention on a GPU by matrix instructions, without atomics: scores are made again, once by
// blocks of keys, which go through all queries that see them, and once by blocks of queries, which go through their
// keys.
//
// With w the softmax weight, D = sum(d_out * out): dv = w d_out, ds = w (d_out . v - D), dk = scale ds q, dq = scale ds
// k.
#include "ops/attention/attention_tile.h"

namespace glossa {
namespace {

// ---------------------------------------------------------------------------------------------------------------------
// What gradients need of a query, in its place among the rows of gradients: a warp a query.

constexpr int kStateThreads = 128, kStateWarps = kStateThreads / kWarp;

__device__ inline float* query_place(const GpuAttention& a, const GpuAttentionGradient& d, const GpuSequence& s,
                                     const QueryAt& at) {
  return gradient_rows(a, d, s, at.row) + at.head * a.head_dim;
}

template <int HeadDim>
__global__ void __launch_bounds__(kStateThreads) prepare_queries(GpuAttention a, GpuAttentionGradient d) {
  const unsigned blocks = (static_cast<unsigned>(a.rows) * a.heads + kStateWarps - 1) / kStateWarps;
  const GpuSequence& s = a.sequences[blockIdx.x / blocks];
  const unsigned i = blockIdx.x % blocks * kStateWarps + threadIdx.x / kWarp;
  const int row = static_cast<int>(i / a.heads), head = static_cast<int>(i % a.heads);
  if (row >= s.rows) return;
  const int lane = threadIdx.x % kWarp;
  const int64_t at = (s.row0 + row) * a.heads + head;
  const float* d_out = d.d_out + (at - d.row0 * a.heads) * HeadDim;
  const Bf16* out = static_cast<const Bf16*>(a.out) + at * HeadDim;
  float* place = gradient_rows(a, d, s, row) + head * HeadDim;
  float sum = 0;
#pragma unroll
  for (int i0 = 0; i0 < HeadDim; i0 += kWarp * kPack) {
    const int column = i0 + lane * kPack;
    if (column >= HeadDim) continue;
    float x[kPack], y[kPack];
    load_pack(x, d_out + column);
    load_pack(y, out + column);
#pragma unroll
    for (int k = 0; k < kPack; ++k) sum = fmaf(rounded<Bf16>(x[k]), y[k], sum);
    store_pack(reinterpret_cast<Bf16*>(place) + column, x);
  }
  sum = warp_sum(sum);
  if (lane == 0) {
    const QueryState state{a.stats[2 * at] * kLog2OfE, reciprocal(a.stats[2 * at + 1]), sum, row};
    *reinterpret_cast<QueryState*>(place + HeadDim / 2) = state;
  }
}

// Queries [first, first + Rows) as copy_queries takes them, their d_out, and their states. A query that is not there
// has weights of 0, for the inverse of its sum is.
template <int HeadDim, int Rows, class Q>
__device__ inline void copy_gradients(Bf16* queries_at, Bf16* d_out_at, QueryState* states, const GpuAttention& a,
                                      const GpuAttentionGradient& d, const GpuSequence& s, int kv_head, int first,
                                      int queries) {
  each_piece<HeadDim, Rows>([&](int row, int column) {
    const bool there = first + row < queries;
    const QueryAt at = query_at(a, kv_head, there ? first + row : 0);
    const float* place = query_place(a, d, s, at);
    const int to = row * kPitch<HeadDim> + column;
    copy_piece(queries_at + to, query_row<Q>(a, s, at) + column, there);
    copy_piece(d_out_at + to, reinterpret_cast<const Bf16*>(place) + column, there);
    if (column == 0) copy_async(states + row, place + HeadDim / 2, there ? 16 : 0);
  });
}

// The weight of a key for a query, and the slope of its score.
struct Slope {
  float weight, of_score;
};
__device__ inline Slope slope_of(float score, float d_weight, bool seen, const QueryState& q, float exponent) {
  const float weight = seen ? power_of_two(fmaf(score, exponent, -q.largest)) * q.inverse : 0.0f;
  return {weight, seen ? weight * (d_weight - q.dot) : 0.0f};
}

// ---------------------------------------------------------------------------------------------------------------------
// Keys: a block takes 64 of one kv head, a warp 16, and of a large head half the columns of their gradients.

template <int HeadDim>
constexpr int kStepQueries = HeadDim > 128 ? 32 : 64;  // of a copy
template <int HeadDim>
constexpr int kGradientColumns = HeadDim > 128 ? 128 : HeadDim;
constexpr int kChunk = 32;  // queries that a warp takes at once
template <int HeadDim>
constexpr int kKeysShared = (2 * kKeyTile + 4 * kStepQueries<HeadDim>)*kPitch<HeadDim> * 2 +
                            2 * kStepQueries<HeadDim>* static_cast<int>(sizeof(QueryState));

template <int HeadDim, class Q>
__global__ void __launch_bounds__(kTileThreads)
    key_gradients(GpuAttention a, GpuAttentionGradient d, int prefix_tiles) {
  constexpr int kPitchHere = kPitch<HeadDim>, kTile = kKeyTile * kPitchHere, kStep = kStepQueries<HeadDim>;
  constexpr int kColumns = kGradientColumns<HeadDim>, kParts = HeadDim / kColumns, N = kColumns / 8;
  GLOSSA_SHARED_MEMORY(memory);
  Bf16* keys = reinterpret_cast<Bf16*>(memory);
  Bf16* values = keys + kTile;
  Bf16* steps_at = values + kTile;
  QueryState* states_at = reinterpret_cast<QueryState*>(steps_at + 4 * kStep * kPitchHere);

  // Tiles of the prefix, then own ones: the first of either have most queries.
  const unsigned across = static_cast<unsigned>(a.count) * a.kv_heads * kParts;
  const unsigned sequence = blockIdx.x % across / (a.kv_heads * kParts);
  const GpuSequence& s = a.sequences[sequence];
  const int kv_head = static_cast<int>(blockIdx.x / kParts % a.kv_heads), column0 = blockIdx.x % kParts * kColumns;
  const int index = static_cast<int>(blockIdx.x / across), rows = static_cast<int>(s.rows);
  const int prefix = static_cast<int>(s.prefix_length);
  const bool own = index >= prefix_tiles;
  const int first = (own ? index - prefix_tiles : index) * kKeyTile, keys_end = own ? rows : prefix;
  if (first >= keys_end) return;
  const KeyTile tile{own, first, first, min(first + kKeyTile, keys_end)};
  // Rows that see a key of the tile; row r is own key r, and key k of the prefix is own key k - prefix.
  const int base = own ? 0 : prefix;
  const int row_from = own ? first : 0;
  const int row_to = a.window > 0 ? min(rows, tile.to - 1 - base + a.window) : rows;
  const int from = row_from * a.group / kStep * kStep, to = row_to * a.group, queries = rows * a.group;

  auto copy_step = [&](int query) {
    const int i = query / kStep % 2;
    Bf16* at = steps_at + i * 2 * kStep * kPitchHere;
    if (query < to)
      copy_gradients<HeadDim, kStep, Q>(at, at + kStep * kPitchHere, states_at + i * kStep, a, d, s, kv_head, query,
                                        queries);
    end_copies();
  };
  copy_keys<HeadDim>(keys, values, a, s, kv_head, tile);
  copy_step(from);

  const int warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
  const int of_warp = first + 16 * warp;
  float dk[1][N][4] = {}, dv[1][N][4] = {};
  for (int step = from; step < to; step += kStep) {
    const Bf16* queries_at = steps_at + step / kStep % 2 * 2 * kStep * kPitchHere;
    const Bf16* d_out_at = queries_at + kStep * kPitchHere;
    const QueryState* states = states_at + step / kStep % 2 * kStep;
    wait_copies<0>();
    __syncthreads();
    copy_step(step + kStep);
    for (int chunk = 0; chunk < kStep; chunk += kChunk) {
      const int row0 = row_of(a, step + chunk), row1 = row_of(a, step + chunk + kChunk - 1);
      if (own && row1 < of_warp) continue;
      float x[1][kChunk / 8][4] = {}, y[1][kChunk / 8][4] = {};
      multiply_rows<HeadDim>(x, keys + 16 * warp * kPitchHere, queries_at + chunk * kPitchHere);
      multiply_rows<HeadDim>(y, values + 16 * warp * kPitchHere, d_out_at + chunk * kPitchHere);
      const bool all_seen = !(own && row0 < of_warp + 15) && (a.window == 0 || row1 - a.window < of_warp - base);
#pragma unroll
      for (int j = 0; j < kChunk / 8; ++j)
#pragma unroll
        for (int c = 0; c < 2; ++c) {
          const QueryState state = states[chunk + 8 * j + lane % 4 * 2 + c];
#pragma unroll
          for (int half = 0; half < 2; ++half) {
            const int key = of_warp + 8 * half + lane / 4 - base;
            const bool seen = all_seen || (key <= state.own && (a.window == 0 || key > state.own - a.window));
            const Slope slope = slope_of(x[0][j][2 * half + c], y[0][j][2 * half + c], seen, state, a.exponent);
            x[0][j][2 * half + c] = slope.weight;
            y[0][j][2 * half + c] = slope.of_score;
          }
        }
      uint32_t w[1][kChunk / 16][4];
      to_operand(w[0], x[0]);
      multiply_columns<HeadDim>(dv, w, d_out_at + chunk * kPitchHere + column0);
      to_operand(w[0], y[0]);
      multiply_columns<HeadDim>(dk, w, queries_at + chunk * kPitchHere + column0);
    }
  }
  wait_copies<0>();  // also where no row sees a key

#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int position = of_warp + 8 * half + lane / 4;
    if (position >= keys_end) continue;
    const KeyGradient at = key_gradient(a, d, s, d.gradients[sequence], own, kv_head, position);
    const int column = column0 + lane % 4 * 2;
#pragma unroll
    for (int j = 0; j < N; ++j) {
      *reinterpret_cast<float2*>(at.key + column + 8 * j) =
          make_float2(dk[0][j][2 * half] * a.scale, dk[0][j][2 * half + 1] * a.scale);
      *reinterpret_cast<float2*>(at.value + column + 8 * j) = make_float2(dv[0][j][2 * half], dv[0][j][2 * half + 1]);
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Queries: a block takes 64 of one kv head, a warp 16. The last to read what stands in their places.

template <int HeadDim>
constexpr int kQueriesShared = 6 * kKeyTile* kPitch<HeadDim> * 2 + kKeyTile* static_cast<int>(sizeof(QueryState));

template <int HeadDim, class Q>
__global__ void __launch_bounds__(kTileThreads) query_gradients(GpuAttention a, GpuAttentionGradient d) {
  constexpr int kQueries = kKeyTile, kTile = kKeyTile * kPitch<HeadDim>, N = HeadDim / 8;
  GLOSSA_SHARED_MEMORY(memory);
  Bf16* queries_at = reinterpret_cast<Bf16*>(memory);
  Bf16* d_out_at = queries_at + kTile;
  Bf16* tiles_at = d_out_at + kTile;
  QueryState* states = reinterpret_cast<QueryState*>(tiles_at + 4 * kTile);

  const unsigned across = static_cast<unsigned>(a.count) * a.kv_heads;
  const GpuSequence& s = a.sequences[blockIdx.x % across / a.kv_heads];
  const int kv_head = static_cast<int>(blockIdx.x % a.kv_heads), queries = static_cast<int>(s.rows) * a.group;
  const int first = static_cast<int>(gridDim.x / across - 1 - blockIdx.x / across) * kQueries;
  if (first >= queries) return;
  auto row_here = [&](int query) { return row_of(a, min(query, queries - 1)); };
  __shared__ KeyTiles tiles;
  tiles.plan(a, s, row_here(first), row_here(first + kQueries - 1));

  auto copy_tile = [&](int i) {
    Bf16* to = tiles_at + i % 2 * 2 * kTile;
    if (i < tiles.count) copy_keys<HeadDim>(to, to + kTile, a, s, kv_head, tiles.at(i));
    end_copies();
  };
  copy_gradients<HeadDim, kQueries, Q>(queries_at, d_out_at, states, a, d, s, kv_head, first, queries);
  copy_tile(0);

  const int warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
  const int of_warp = first + 16 * warp;
  const int warp_from = row_here(of_warp), warp_to = row_here(of_warp + 15);
  float dq[1][N][4] = {};
  for (int t = 0; t < tiles.count; ++t) {
    const KeyTile tile = tiles.at(t);
    const Bf16* keys = tiles_at + t % 2 * 2 * kTile;
    const Bf16* values = keys + kTile;
    wait_copies<0>();
    __syncthreads();
    copy_tile(t + 1);
    const int base = tile.own ? 0 : static_cast<int>(s.prefix_length);
    const int window_from = a.window > 0 ? base + 1 - a.window : INT32_MIN / 2;
    if (tile.own && tile.first > warp_to) continue;
    if (tile.first + kKeyTile <= warp_from + window_from) continue;

    const bool all_seen =
        tile.first + kKeyTile <= (tile.own ? warp_from + 1 : base) && tile.first >= warp_to + window_from;
    // Half a tile at a time, so that its numbers stay in registers.
#pragma unroll 1
    for (int k0 = 0; k0 < kKeyTile; k0 += kKeyTile / 2) {
      float x[1][4][4] = {}, y[1][4][4] = {};
      multiply_rows<HeadDim>(x, queries_at + 16 * warp * kPitch<HeadDim>, keys + k0 * kPitch<HeadDim>);
      multiply_rows<HeadDim>(y, d_out_at + 16 * warp * kPitch<HeadDim>, values + k0 * kPitch<HeadDim>);
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const QueryState state = states[16 * warp + 8 * half + lane / 4];
        const SeenKeys seen = {state.own + window_from, tile.own ? state.own + 1 : base};
#pragma unroll
        for (int j = 0; j < 4; ++j)
#pragma unroll
          for (int c = 0; c < 2; ++c) {
            const int key = tile.first + k0 + 8 * j + lane % 4 * 2 + c;
            y[0][j][2 * half + c] = slope_of(x[0][j][2 * half + c], y[0][j][2 * half + c],
                                             all_seen || (key >= seen.from && key < seen.to), state, a.exponent)
                                        .of_score;
          }
      }
      uint32_t w[1][2][4];
      to_operand(w[0], y[0]);
      multiply_columns<HeadDim>(dq, w, keys + k0 * kPitch<HeadDim>);
    }
  }

#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int query = of_warp + 8 * half + lane / 4;
    if (query >= queries) continue;
    float* to = query_place(a, d, s, query_at(a, kv_head, query)) + lane % 4 * 2;
#pragma unroll
    for (int j = 0; j < N; ++j)
      *reinterpret_cast<float2*>(to + 8 * j) =
          make_float2(dq[0][j][2 * half] * a.scale, dq[0][j][2 * half + 1] * a.scale);
  }
}

int64_t tiles_of(int64_t n) {
  return (n + kKeyTile - 1) / kKeyTile;
}

}  // namespace

bool attention_backward_tiled(Stream& stream, const GpuAttention& a, const GpuAttentionGradient& d, Dtype queries) {
  return with_head(a.head_dim, [&](auto head) {
    constexpr int kHead = decltype(head)::value;
    const int64_t across = a.count * a.kv_heads, prefix_tiles = tiles_of(a.prefix);
    const int64_t states = a.count * ((static_cast<int64_t>(a.rows) * a.heads + kStateWarps - 1) / kStateWarps);
    launch(stream, "prepare_queries", prepare_queries<kHead>, static_cast<unsigned>(states), kStateThreads, 0, a, d);
    with_type(queries, [&](auto q) {
      using Q = decltype(q);
      const int64_t keys = across * (kHead / kGradientColumns<kHead>)*(prefix_tiles + tiles_of(a.rows));
      launch(stream, "key_gradients", key_gradients<kHead, Q>, static_cast<unsigned>(keys), kTileThreads,
             kKeysShared<kHead>, a, d, prefix_tiles);
      const int64_t blocks = across * tiles_of(static_cast<int64_t>(a.rows) * a.group);
      launch(stream, "query_gradients", query_gradients<kHead, Q>, static_cast<unsigned>(blocks), kTileThreads,
             kQueriesShared<kHead>, a, d);
    });
  });
}

}  // namespace glossa
