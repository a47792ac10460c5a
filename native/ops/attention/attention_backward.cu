// The backward pass of attention on a GPU by matrix instructions, without atomics: scores are made again, once by
// blocks of keys, which go through all queries that see them, and once by blocks of queries, which go through their
// keys.
#include "ops/attention/attention_steps.h"

namespace glossa {
namespace {

// ---------------------------------------------------------------------------------------------------------------------
// What gradients need of a query, in its place among the rows of gradients: a warp a query.

constexpr int kStateThreads = 128, kStateWarps = kStateThreads / kWarp;

template <int HeadDim>
__global__ void __launch_bounds__(kStateThreads) query_states(GpuAttention a, GpuAttentionGradient d) {
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
      copy_gradients<WarpTile<HeadDim>, kStep, Q>(at, at + kStep * kPitchHere, states_at + i * kStep, a, d, s, kv_head,
                                                  query, queries);
    end_copies();
  };
  copy_keys<WarpTile<HeadDim>>(keys, values, a, s, kv_head, tile);
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
      const int first_key = of_warp - base;
      auto state = [&](int, int column) -> const QueryState& { return states[chunk + column]; };
      weigh_again(x[0], a.exponent, state, all_seen, [&](int half, int, int row) {
        const int key = first_key + 8 * half + lane / 4;
        return key <= row && (a.window == 0 || key > row - a.window);
      });
      to_slopes(y[0], x[0], state);
      uint32_t w[1][kChunk / 16][4];
      to_operand(w[0], x[0]);
      multiply_columns<HeadDim>(dv, w, d_out_at + chunk * kPitchHere + column0);
      to_operand(w[0], y[0]);
      multiply_columns<HeadDim>(dk, w, queries_at + chunk * kPitchHere + column0);
    }
  }
  wait_copies<0>();  // also where no row sees a key

  store_key_gradients(a, d, s, d.gradients[sequence], own, kv_head, of_warp, keys_end, column0, dk[0], dv[0]);
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
    if (i < tiles.count) copy_keys<WarpTile<HeadDim>>(to, to + kTile, a, s, kv_head, tiles.at(i));
    end_copies();
  };
  copy_gradients<WarpTile<HeadDim>, kQueries, Q>(queries_at, d_out_at, states, a, d, s, kv_head, first, queries);
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
    const Sight sight(a, s, tile);
    if (sight.none(warp_from, warp_to)) continue;

    const bool all_seen = sight.all(warp_from, warp_to);
    const QueryState of_rows[2] = {states[16 * warp + lane / 4], states[16 * warp + 8 + lane / 4]};
    // Half a tile at a time, so that its numbers stay in registers.
#pragma unroll 1
    for (int k0 = 0; k0 < kKeyTile; k0 += kKeyTile / 2) {
      float x[1][4][4] = {}, y[1][4][4] = {};
      multiply_rows<HeadDim>(x, queries_at + 16 * warp * kPitch<HeadDim>, keys + k0 * kPitch<HeadDim>);
      multiply_rows<HeadDim>(y, d_out_at + 16 * warp * kPitch<HeadDim>, values + k0 * kPitch<HeadDim>);
      auto state = [&](int half, int) -> const QueryState& { return of_rows[half]; };
      weigh_again(x[0], a.exponent, state, all_seen,
                  [&](int, int column, int row) { return sight.of(row).has(tile.first + k0 + column); });
      to_slopes(y[0], x[0], state);
      uint32_t w[1][2][4];
      to_operand(w[0], y[0]);
      multiply_columns<HeadDim>(dq, w, keys + k0 * kPitch<HeadDim>);
    }
  }

  store_query_gradients(a, d, s, kv_head, of_warp, queries, dq[0]);
}

int64_t tiles_of(int64_t n) {
  return (n + kKeyTile - 1) / kKeyTile;
}

}  // namespace

void prepare_queries(Stream& stream, const GpuAttention& a, const GpuAttentionGradient& d) {
  const int64_t blocks = a.count * ((static_cast<int64_t>(a.rows) * a.heads + kStateWarps - 1) / kStateWarps);
  with_head(a.head_dim, [&](auto head) {
    launch(stream, "query_states", query_states<decltype(head)::value>, static_cast<unsigned>(blocks), kStateThreads, 0,
           a, d);
  });
}

bool attention_backward_tiled(Stream& stream, const GpuAttention& a, const GpuAttentionGradient& d, Dtype queries) {
  prepare_queries(stream, a, d);
  return with_head(a.head_dim, [&](auto head) {
    constexpr int kHead = decltype(head)::value;
    const int64_t across = a.count * a.kv_heads, prefix_tiles = tiles_of(a.prefix);
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
