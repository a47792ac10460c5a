// Attention of many rows on Hopper, by warpgroups: the steps of attention_rows in the same order, and its bits. While a
// warpgroup makes weights of a tile's scores, the products of the tile before and of the other warpgroup go on.
#include "ops/attention/attention_wgmma.h"

namespace glossa {
namespace {

// A warpgroup takes 64 queries of one kv head; as many of them a block as there are registers for.
template <int HeadDim>
constexpr int kWarpgroups = HeadDim > 64 ? 2 : 3;
template <int HeadDim>
constexpr int kQueries = kWarpgroups<HeadDim>* kTileRows;
template <int HeadDim>
using Tile = WarpgroupTile<HeadDim, kWarpgroups<HeadDim>>;
// Tiles of keys and values in memory: one whose values are still read, one that is used, two that arrive.
constexpr int kRing = 4;
template <int HeadDim>
constexpr int kForwardShared = kTileAlignment + kRing * 2 * Tile<HeadDim>::kBytes;

template <int HeadDim>
__global__ void __launch_bounds__(Tile<HeadDim>::kThreads) attention_rows_wgmma(GpuAttention a) {
  if constexpr (kHasWarpgroups) {
    using Tile = Tile<HeadDim>;
    constexpr int kRows = kQueries<HeadDim>, kSteps = HeadDim / 16;
    GLOSSA_SHARED_MEMORY(memory);
    Bf16* const tiles_at = first_tile(memory);

    // The blocks with most keys begin first.
    const unsigned across = static_cast<unsigned>(a.count) * a.kv_heads;
    const GpuSequence& s = a.sequences[blockIdx.x % across / a.kv_heads];
    const int kv_head = static_cast<int>(blockIdx.x % a.kv_heads), queries = static_cast<int>(s.rows) * a.group;
    const int own0 = static_cast<int>(s.own0);
    const int first = static_cast<int>(gridDim.x / across - 1 - blockIdx.x / across) * kRows;
    if (first >= queries) return;
    auto own_of = [&](int query) { return own0 + row_of(a, min(query, queries - 1)); };
    __shared__ KeyTiles tiles;
    tiles.plan(a, s, own_of(first), own_of(first + kRows - 1));

    auto keys_of = [&](int i) { return tiles_at + i % kRing * 2 * Tile::kSize; };
    auto copy_tile = [&](int i) {
      if (i < tiles.count) copy_keys<Tile>(keys_of(i), keys_of(i) + Tile::kSize, a, s, kv_head, tiles.at(i));
      end_copies();
    };
    copy_tile(0);
    copy_tile(1);
    // Until tile i is there for all, and what the ring had in the place of tile i + 2 is used by none.
    auto arrive = [&](int i) {
      wait_copies<1>();
      const KeyTile tile = tiles.at(i);
      // Where a row of the block does not see all that was copied.
      if ((tile.own && tile.to > tiles.common) || a.window > 0)
        keep_numbers<Tile>(keys_of(i), keys_of(i) + Tile::kSize);
      show_to_products();
      meet<Tile::kThreads>();
      copy_tile(i + 2);
    };

    const WarpgroupPlace place = warpgroup_place();
    const int of_group = first + kTileRows * place.warpgroup, of_warp = of_group + 16 * place.warp;
    const int warp_from = own_of(of_warp), warp_to = own_of(of_warp + 15);
    uint32_t q[kSteps][4];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int query = of_warp + 8 * half + place.lane / 4;
      const bool there = query < queries;
      const uint32_t* row =
          reinterpret_cast<const uint32_t*>(query_row<Bf16>(a, s, query_at(a, kv_head, there ? query : 0)));
#pragma unroll
      for (int k = 0; k < kSteps; ++k)
#pragma unroll
        for (int i = 0; i < 2; ++i) q[k][2 * i + half] = there ? row[8 * k + 4 * i + place.lane % 4] : 0;
    }

    float o[HeadDim / 8][4] = {}, x[8][4], kept[2];
    uint32_t w[4][4];
    SoftmaxRows rows;
    auto scores = [&](int i) {
      const Factor keys = factor_at(keys_of(i));
#pragma unroll
      for (int k = 0; k < kSteps; ++k) multiply<false>(x, q[k], columns_of(keys, k), k > 0);
      end_products();
    };
    auto weights = [&](int i) {
      const Sight sight(a, s, tiles.at(i));
      weigh(
          rows, x, a.exponent, sight.first, sight.all(warp_from, warp_to),
          [&](int half) { return sight.of(own_of(of_warp + 8 * half + place.lane / 4)); },
          [&](int half, float factor) { kept[half] = factor; });
    };

    // Of the block's tiles, those that this warpgroup sees.
    const int begin = tiles.begin(a, s, own_of(of_group)), end = tiles.end(own_of(of_group + kTileRows - 1));
    int t = 0;
    for (; t < begin; ++t) arrive(t);
    arrive(t);
    begin_products();
    scores(t);
    wait_products<0>(x);
    weights(t);
    pack_weights(w, rows, x);
    for (++t; t < end; ++t) {
      arrive(t);
      begin_products(o, w);
      scores(t);
      begin_columns(o, w, keys_of(t - 1) + Tile::kSize);
      wait_products<1>(x);
      weights(t);
      // ptxas has products wait for each other where their operands are made while others go on.
      wait_products<0>(o);
      scale_row(o, 0, kept[0]);
      scale_row(o, 1, kept[1]);
      pack_weights(w, rows, x);
    }
    begin_products(o, w);
    begin_columns(o, w, keys_of(t - 1) + Tile::kSize);
    wait_products<0>(o);
    for (; t < tiles.count; ++t) arrive(t);
    store_outputs(a, s, kv_head, of_warp, queries, o, rows);
  }
}

}  // namespace

bool attention_forward_wgmma(Stream& stream, const GpuAttention& a) {
  return with_warpgroup_head(a.head_dim, [&](auto head) {
    constexpr int kHead = decltype(head)::value;
    const int64_t blocks = (static_cast<int64_t>(a.rows) * a.group + kQueries<kHead> - 1) / kQueries<kHead>;
    launch(stream, "attention_rows_wgmma", attention_rows_wgmma<kHead>,
           static_cast<unsigned>(a.count * a.kv_heads * blocks), Tile<kHead>::kThreads, kForwardShared<kHead>, a);
  });
}

}  // namespace glossa
