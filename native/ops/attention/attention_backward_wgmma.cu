// The backward pass of attention on Hopper, by warpgroups: the steps of key_gradients and query_gradients in the same
// order, and their bits. Products of one kind go on while the numbers of another are made.
#include "ops/attention/attention_wgmma.h"

namespace glossa {
namespace {

// A block is two warpgroups, which take 64 rows each of what it goes through tiles with.
constexpr int kWarpgroups = 2, kRows = kWarpgroups * kTileRows;
template <int HeadDim>
using Tile = WarpgroupTile<HeadDim, kWarpgroups>;
constexpr int kThreads = kWarpgroups * kWarpgroup;
// Tiles that a block goes through in memory: one that is still read, one that is used, one that arrives.
constexpr int kRing = 3;

// ---------------------------------------------------------------------------------------------------------------------
// Keys: a warpgroup takes 64 of one kv head, and goes through queries in steps of 64.

template <int HeadDim>
constexpr int kKeysShared = kTileAlignment + (2 * kWarpgroups + 2 * kRing) * Tile<HeadDim>::kBytes
                            + kRing* kTileRows* static_cast<int>(sizeof(QueryState));

// The keys of a block and the queries that it goes through. In shared memory, as KeyTiles are.
struct KeysOfBlock {
  bool own;
  int first, keys_end;       // its keys, of keys_end that the prefix or the sequence has
  int base;                  // key k of the prefix is own key k - base, and row r is own key r
  int from, steps, queries;  // it goes through `steps` times 64 queries from `from` on, of `queries` in all

  // By all threads of the block; false: there are no such keys. Blocks of the prefix, then own ones: the first of
  // either have most queries.
  __device__ bool plan(const GpuAttention& a, const GpuSequence& s, int index, int prefix_blocks) {
    const bool of_prefix = index < prefix_blocks;
    const int begin = (of_prefix ? index : index - prefix_blocks) * kRows;
    const int all = static_cast<int>(of_prefix ? s.prefix_length : s.rows);
    if (begin >= all) return false;
    if (threadIdx.x == 0) {
      own = !of_prefix;
      first = begin, keys_end = all;
      base = own ? 0 : all;
      queries = static_cast<int>(s.rows) * a.group;
      from = first_query(a, first);
      steps = max(queries_end(a, min(first + kRows, keys_end)) - from + kTileRows - 1, 0) / kTileRows;
    }
    __syncthreads();
    return true;
  }
  // Keys of a warpgroup; there may be none.
  __device__ KeyTile keys(int warpgroup) const {
    const int at = first + warpgroup * kTileRows;
    return {own, at, at, min(at + kTileRows, keys_end)};
  }
  // Of the steps, those with queries that see keys of a warpgroup: [begin, end).
  __device__ int begin(const GpuAttention& a, int warpgroup) const {
    const KeyTile tile = keys(warpgroup);
    return tile.from < tile.to ? min((first_query(a, tile.from) - from) / kTileRows, steps) : steps;
  }
  __device__ int end(const GpuAttention& a, int warpgroup) const {
    const int end = (queries_end(a, keys(warpgroup).to) - from + kTileRows - 1) / kTileRows;
    return min(max(end, begin(a, warpgroup)), steps);
  }

 private:
  // Of the queries that see keys from `key` on, or those before `to_key`.
  __device__ int first_query(const GpuAttention& a, int key) const {
    return (own ? key : 0) * a.group / kTileRows * kTileRows;
  }
  __device__ int queries_end(const GpuAttention& a, int to_key) const {
    const int rows = queries / a.group;
    return (a.window > 0 ? min(rows, to_key - 1 - base + a.window) : rows) * a.group;
  }
};

template <int HeadDim>
__global__ void __launch_bounds__(kThreads)
    key_gradients_wgmma(GpuAttention a, GpuAttentionGradient d, int prefix_blocks) {
  if constexpr (kHasWarpgroups) {
    using Tile = Tile<HeadDim>;
    GLOSSA_SHARED_MEMORY(memory);
    Bf16* const keys_at = first_tile(memory);
    Bf16* const values_at = keys_at + kWarpgroups * Tile::kSize;
    Bf16* const steps_at = values_at + kWarpgroups * Tile::kSize;
    QueryState* const states_at = reinterpret_cast<QueryState*>(steps_at + 2 * kRing * Tile::kSize);

    const unsigned across = static_cast<unsigned>(a.count) * a.kv_heads;
    const unsigned sequence = blockIdx.x % across / a.kv_heads;
    const GpuSequence& s = a.sequences[sequence];
    __shared__ KeysOfBlock block;
    if (!block.plan(a, s, static_cast<int>(blockIdx.x / across), prefix_blocks)) return;
    auto kv_head = [&] { return static_cast<int>(blockIdx.x % a.kv_heads); };

    auto step_of = [&](int i) { return steps_at + i % kRing * 2 * Tile::kSize; };
    auto states_of = [&](int i) { return states_at + i % kRing * kTileRows; };
    auto copy_step = [&](int i) {
      if (i < block.steps)
        copy_gradients<Tile, kTileRows, Bf16>(step_of(i), step_of(i) + Tile::kSize, states_of(i), a, d, s, kv_head(),
                                              block.from + i * kTileRows, block.queries);
      end_copies();
    };
    for (int i = 0; i < kWarpgroups; ++i)
      copy_keys<Tile>(keys_at + i * Tile::kSize, values_at + i * Tile::kSize, a, s, kv_head(), block.keys(i));
    copy_step(0);
    auto arrive = [&](int i) {
      wait_copies<0>();
      show_to_products();
      meet<kThreads>();
      copy_step(i + 1);
    };

    const WarpgroupPlace place = warpgroup_place();
    const int of_warp = block.first + kTileRows * place.warpgroup + 16 * place.warp;
    const Bf16* const keys = keys_at + place.warpgroup * Tile::kSize;
    const Bf16* const values = values_at + place.warpgroup * Tile::kSize;
    float dk[HeadDim / 8][4] = {}, dv[HeadDim / 8][4] = {}, x[8][4], y[8][4];
    uint32_t w[4][4], slopes[4][4];

    // Of the block's steps, those with queries that see this warpgroup's keys.
    const int begin = block.begin(a, place.warpgroup), end = block.end(a, place.warpgroup);
    int t = 0;
    for (; t < begin; ++t) arrive(t);
    for (; t < end; ++t) {
      arrive(t);
      const Bf16* const queries_at = step_of(t);
      const Bf16* const d_out_at = queries_at + Tile::kSize;
      const QueryState* const states = states_of(t);
      begin_products();
      begin_scores<HeadDim>(x, keys, queries_at);
      wait_products<1>();  // the operands of the step before give their registers to y
      begin_scores<HeadDim>(y, values, d_out_at);

      const int query = block.from + t * kTileRows;
      const int row0 = row_of(a, query), row1 = row_of(a, query + kTileRows - 1);
      const int first_key = of_warp - block.base;
      const bool all_seen = !(block.own && row0 < of_warp + 15) && (a.window == 0 || row1 - a.window < first_key);
      auto state = [&](int, int column) -> const QueryState& { return states[column]; };
      auto sees = [&](int half, int, int row) {
        const int key = first_key + 8 * half + place.lane / 4;
        return key <= row && (a.window == 0 || key > row - a.window);
      };
      wait_products<1>(x);
      weigh_again(x, a.exponent, state, all_seen, sees);
      // ptxas has products wait for each other where their operands are made while others go on.
      wait_products<0>(y);
      to_slopes(y, x, state);
      to_operand(w, x);
      to_operand(slopes, y);
      begin_products(w, slopes);
      begin_columns(dv, w, d_out_at);
      begin_columns(dk, slopes, queries_at);
    }
    wait_products<0>(dk, dv);
    for (; t < block.steps; ++t) arrive(t);
    wait_copies<0>();  // also where no row sees a key
    store_key_gradients(a, d, s, d.gradients[sequence], block.own, kv_head(), of_warp, block.keys_end, 0, dk, dv);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Queries: a warpgroup takes 64 of one kv head. The last to read what stands in their places.

template <int HeadDim>
constexpr int kQueriesShared = kTileAlignment + (2 * kWarpgroups + 2 * kRing) * Tile<HeadDim>::kBytes
                               + kRows* static_cast<int>(sizeof(QueryState));

template <int HeadDim>
__global__ void __launch_bounds__(kThreads) query_gradients_wgmma(GpuAttention a, GpuAttentionGradient d) {
  if constexpr (kHasWarpgroups) {
    using Tile = Tile<HeadDim>;
    GLOSSA_SHARED_MEMORY(memory);
    Bf16* const queries_at = first_tile(memory);
    Bf16* const d_out_at = queries_at + kWarpgroups * Tile::kSize;
    Bf16* const tiles_at = d_out_at + kWarpgroups * Tile::kSize;
    QueryState* const states = reinterpret_cast<QueryState*>(tiles_at + 2 * kRing * Tile::kSize);

    const unsigned across = static_cast<unsigned>(a.count) * a.kv_heads;
    const GpuSequence& s = a.sequences[blockIdx.x % across / a.kv_heads];
    const int kv_head = static_cast<int>(blockIdx.x % a.kv_heads), queries = static_cast<int>(s.rows) * a.group;
    const int first = static_cast<int>(gridDim.x / across - 1 - blockIdx.x / across) * kRows;
    if (first >= queries) return;
    auto row_here = [&](int query) { return row_of(a, min(query, queries - 1)); };
    __shared__ KeyTiles tiles;
    tiles.plan(a, s, row_here(first), row_here(first + kRows - 1));

    auto keys_of = [&](int i) { return tiles_at + i % kRing * 2 * Tile::kSize; };
    auto copy_tile = [&](int i) {
      if (i < tiles.count) copy_keys<Tile>(keys_of(i), keys_of(i) + Tile::kSize, a, s, kv_head, tiles.at(i));
      end_copies();
    };
    copy_gradients<Tile, kRows, Bf16>(queries_at, d_out_at, states, a, d, s, kv_head, first, queries);
    copy_tile(0);
    auto arrive = [&](int i) {
      wait_copies<0>();
      show_to_products();
      meet<kThreads>();
      copy_tile(i + 1);
    };

    const WarpgroupPlace place = warpgroup_place();
    const int of_group = first + kTileRows * place.warpgroup, of_warp = of_group + 16 * place.warp;
    const int warp_from = row_here(of_warp), warp_to = row_here(of_warp + 15);
    const Bf16* const queries_here = queries_at + place.warpgroup * Tile::kSize;
    const Bf16* const d_out_here = d_out_at + place.warpgroup * Tile::kSize;
    float dq[HeadDim / 8][4] = {}, x[8][4], y[8][4];
    uint32_t slopes[4][4];

    const int begin = tiles.begin(a, s, row_here(of_group)), end = tiles.end(row_here(of_group + kTileRows - 1));
    int t = 0;
    for (; t < begin; ++t) arrive(t);
    for (; t < end; ++t) {
      arrive(t);
      const Bf16* const keys = keys_of(t);
      begin_products();
      begin_scores<HeadDim>(x, queries_here, keys);
      begin_scores<HeadDim>(y, d_out_here, keys + Tile::kSize);

      const Sight sight(a, s, tiles.at(t));
      const QueryState of_rows[2] = {states[of_warp - first + place.lane / 4],
                                     states[of_warp - first + 8 + place.lane / 4]};
      auto state = [&](int half, int) -> const QueryState& { return of_rows[half]; };
      auto sees = [&](int, int column, int row) { return sight.of(row).has(sight.first + column); };
      wait_products<1>(x);
      weigh_again(x, a.exponent, state, sight.all(warp_from, warp_to), sees);
      wait_products<0>(y);
      to_slopes(y, x, state);
      to_operand(slopes, y);
      begin_products(slopes);
      begin_columns(dq, slopes, keys);
    }
    wait_products<0>(dq);
    for (; t < tiles.count; ++t) arrive(t);
    store_query_gradients(a, d, s, kv_head, of_warp, queries, dq);
  }
}

int64_t blocks_of(int64_t n) {
  return (n + kRows - 1) / kRows;
}

}  // namespace

bool attention_backward_wgmma(Stream& stream, const GpuAttention& a, const GpuAttentionGradient& d) {
  return with_warpgroup_head(a.head_dim, [&](auto head) {
    prepare_queries(stream, a, d);
    constexpr int kHead = decltype(head)::value;
    const int64_t across = a.count * a.kv_heads, prefix_blocks = blocks_of(a.prefix);
    launch(stream, "key_gradients_wgmma", key_gradients_wgmma<kHead>,
           static_cast<unsigned>(across * (prefix_blocks + blocks_of(a.rows))), kThreads, kKeysShared<kHead>, a, d,
           static_cast<int>(prefix_blocks));
    const int64_t blocks = across * blocks_of(static_cast<int64_t>(a.rows) * a.group);
    launch(stream, "query_gradients_wgmma", query_gradients_wgmma<kHead>, static_cast<unsigned>(blocks), kThreads,
           kQueriesShared<kHead>, a, d);
  });
}

}  // namespace glossa
