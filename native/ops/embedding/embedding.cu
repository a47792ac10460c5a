// The embedding on a GPU: rows are looked up, and gradients added, eight columns a thread.
#include <algorithm>
#include <numeric>

#include "device/cuda/cuda_ops.h"
#include "device/cuda/view.h"

namespace glossa {
namespace {

// x = the table's row of its id, rounded to bfloat16 where Rounds, times the multiplier.
template <bool Whole, bool Rounds, class To, class From>
__global__ void look_up(View<To> x, View<From> table, const int32_t* ids, float multiplier, int64_t width,
                        unsigned across) {
  const OctetPlace at(across);
  if (at.column >= width) return;
  float v[kOctet];
  load_octet<Whole>(v, table.at(ids[at.row]), at.column, width);
#pragma unroll
  for (int k = 0; k < kOctet; ++k) v[k] = (Rounds ? rounded<Bf16>(v[k]) : v[k]) * multiplier;
  store_octet<Whole>(x.at(at.row), at.column, width, v);
}

// table[places[i]] += multiplier * rows[r] for r = order[first[i]] .. order[first[i + 1] - 1], one after the other; a
// few of them are on their way at once. Every place is given once.
constexpr int kAhead = 4;
template <bool Whole>
__global__ void add_to_places(float* table, View<float> rows, const int32_t* places, const int32_t* first,
                              const int32_t* order, float multiplier, int64_t width, unsigned across) {
  const OctetPlace at(across);
  if (at.column >= width) return;
  float* to = table + places[at.row] * width;
  float sum[kOctet];
  load_octet<Whole>(sum, to, at.column, width);
  const int32_t end = first[at.row + 1];
  for (int32_t i = first[at.row]; i < end; i += kAhead) {
    Octet<float> x[kAhead];
#pragma unroll
    for (int a = 0; a < kAhead; ++a) x[a] = fetch<Whole>(rows.at(order[min(i + a, end - 1)]), at.column, width);
#pragma unroll
    for (int a = 0; a < kAhead; ++a) {
      if (i + a >= end) continue;
      float v[kOctet];
      numbers(v, x[a]);
#pragma unroll
      for (int k = 0; k < kOctet; ++k) sum[k] = fmaf(v[k], multiplier, sum[k]);
    }
  }
  store_octet<Whole>(to, at.column, width, sum);
}

// The table's rows, whichever form it is kept in; a matrix is row-major here.
Rows rows_of(const EmbeddingTable& t) {
  if (t.masters) return {t.masters.data, Dtype::f32, t.width, t.width};
  return t.rows ? t.rows : Rows{t.head.forward, t.head.type, t.width, t.width};
}

}  // namespace

void CudaOps::embed(const Rows& x, const EmbeddingTable& table, const int32_t* ids, int64_t rows) {
  if (rows == 0) return;
  const Rows from = rows_of(table);
  const OctetGrid grid(rows, table.width);
  const int32_t* places = on_device(ids, rows);
  with_type(x.type, [&](auto to_type) {
    with_type(from.type, [&](auto from_type) {
      with_bool(lies_in_octets(x) && lies_in_octets(from), [&](auto whole) {
        using To = decltype(to_type);
        using From = decltype(from_type);
        constexpr bool kWhole = decltype(whole)::value;
        auto* kernel = look_up<kWhole, false, To, From>;
        if (table.type == Dtype::bf16) kernel = look_up<kWhole, true, To, From>;
        launch(stream_, "look_up", kernel, grid.blocks, kOctetThreads, 0, View<To>(x), View<From>(from), places,
               table.multiplier, table.width, grid.across);
      });
    });
  });
}

void CudaOps::embedding_gradient(const EmbeddingGradient& g) {
  if (g.rows == 0) return;
  // Rows of one place side by side, in their order.
  std::vector<int32_t> order(static_cast<size_t>(g.rows)), places, first;
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return g.places[a] < g.places[b]; });
  for (size_t i = 0; i < order.size(); ++i) {
    const int32_t place = g.places[order[i]];
    if (!places.empty() && places.back() == place) continue;
    places.push_back(place);
    first.push_back(static_cast<int32_t>(i));
  }
  first.push_back(static_cast<int32_t>(g.rows));
  const OctetGrid grid(static_cast<int64_t>(places.size()), g.dx.width);
  with_bool(lies_in_octets(g.dx) && lies_in_octets(g.table.data), [&](auto whole) {
    launch(stream_, "add_to_places", add_to_places<decltype(whole)::value>, grid.blocks, kOctetThreads, 0,
           g.table.data.as<float>(), View<float>(g.dx), staging_.put(places), staging_.put(first), staging_.put(order),
           g.multiplier, g.dx.width, grid.across);
  });
}

void CudaOps::add_rows(Values table, const std::vector<int32_t>& places, const Rows& rows) {
  embedding_gradient({table, rows, places.data(), static_cast<int64_t>(places.size()), 1});
}

}  // namespace glossa
