// RMSNorm on a GPU: a block a row, which stays in registers between its sum and its result. How many threads share a
// row, which columns each has and the tree of the sum follow from the width alone.
#include <algorithm>

#include "device/cuda/cuda_ops.h"
#include "device/cuda/view.h"

namespace glossa {
namespace {

// Octets of a row that a thread keeps; of rows wider than a block can keep (8,192 columns) the rest is read again.
constexpr int kKept = 2, kMostThreads = 512;

unsigned threads_of(int64_t width) {
  const int64_t each = kKept * kOctet, warps = (width + each * kWarp - 1) / (each * kWarp);
  return static_cast<unsigned>(std::min<int64_t>(warps * kWarp, kMostThreads));
}
// Where the thread's octet i begins.
__device__ inline int64_t column_of(int64_t i) {
  return (i * blockDim.x + threadIdx.x) * kOctet;
}
// keep(i, column) for the octets that the thread keeps, again(column) for the others in the row.
template <class Keep, class Again>
__device__ inline void each_octet(int64_t width, const Keep& keep, const Again& again) {
#pragma unroll
  for (int i = 0; i < kKept; ++i) keep(i, column_of(i));
  for (int64_t i = kKept; column_of(i) < width; ++i) again(column_of(i));
}

struct Norm {
  const float* weight;
  float eps, offset, scale;
};

__device__ inline float dot(const float (&a)[kOctet], const float (&b)[kOctet], float sum) {
#pragma unroll
  for (int k = 0; k < kOctet; ++k) sum = fmaf(a[k], b[k], sum);
  return sum;
}

// y = x * rstd * scale * (offset + weight), added to the residual where Adds. y may be the residual.
template <bool Whole, bool Adds, class Y, class X>
__global__ void __launch_bounds__(kMostThreads)
    norm_rows(View<Y> y, float* rstds, View<Y> residual, View<X> x, Norm norm, int64_t width) {
  __shared__ float shared[kWarp];
  const int64_t row = blockIdx.x;
  const X* from = x.at(row);
  float kept[kKept][kOctet], beside[kKept][kOctet], sum = 0;
  each_octet(
      width, [&](int i, int64_t column) { load_octet<Whole>(kept[i], from, column, width); }, [](int64_t) {});
  if (Adds)  // asked for now: it comes while the sum is made
    each_octet(
        width, [&](int i, int64_t column) { load_octet<Whole>(beside[i], residual.at(row), column, width); },
        [](int64_t) {});
  each_octet(
      width, [&](int i, int64_t) { sum = dot(kept[i], kept[i], sum); },
      [&](int64_t column) {
        float v[kOctet];
        load_octet<Whole>(v, from, column, width);
        sum = dot(v, v, sum);
      });
  const float rstd = 1.0f / sqrtf(block_sum(sum, shared) / static_cast<float>(width) + norm.eps);
  if (threadIdx.x == 0) rstds[row] = rstd;
  const float factor = rstd * norm.scale;
  auto finish = [&](float(&v)[kOctet], const float(&r)[kOctet], int64_t column) {
    float w[kOctet];
    load_octet<Whole>(w, norm.weight, column, width);
#pragma unroll
    for (int k = 0; k < kOctet; ++k) {
      v[k] = v[k] * factor * (w[k] + norm.offset);
      if (Adds) v[k] = r[k] + v[k];
    }
    store_octet<Whole>(y.at(row), column, width, v);
  };
  each_octet(
      width, [&](int i, int64_t column) { finish(kept[i], beside[i], column); },
      [&](int64_t column) {
        float v[kOctet], r[kOctet];
        load_octet<Whole>(v, from, column, width);
        if (Adds) load_octet<Whole>(r, residual.at(row), column, width);
        finish(v, r, column);
      });
}

// With n = x * rstd and g = dy * (offset + weight): dx (+)= scale * rstd * (g - n * mean(g * n)). dx may be dy.
template <bool Whole, class X>
__global__ void __launch_bounds__(kMostThreads)
    norm_gradients(View<float> dx, bool accumulate, View<float> dy, View<X> x, const float* rstds, Norm norm,
                   int64_t width) {
  __shared__ float shared[kWarp];
  const int64_t row = blockIdx.x;
  float g[kKept][kOctet], v[kKept][kOctet], before[kKept][kOctet], sum = 0;
  auto load = [&](float(&gradient)[kOctet], float(&value)[kOctet], int64_t column) {
    load_octet<Whole>(gradient, dy.at(row), column, width);
    load_octet<Whole>(value, x.at(row), column, width);
  };
  auto weigh = [&](float(&gradient)[kOctet], int64_t column) {
    float w[kOctet];
    load_octet<Whole>(w, norm.weight, column, width);
#pragma unroll
    for (int k = 0; k < kOctet; ++k) gradient[k] = gradient[k] * (w[k] + norm.offset);
  };
  each_octet(
      width, [&](int i, int64_t column) { load(g[i], v[i], column); }, [](int64_t) {});
  if (accumulate)
    each_octet(
        width, [&](int i, int64_t column) { load_octet<Whole>(before[i], dx.at(row), column, width); }, [](int64_t) {});
  const float rstd = rstds[row];
  each_octet(
      width,
      [&](int i, int64_t column) {
        weigh(g[i], column);
        sum = dot(g[i], v[i], sum);
      },
      [&](int64_t column) {
        float gradient[kOctet], value[kOctet];
        load(gradient, value, column);
        weigh(gradient, column);
        sum = dot(gradient, value, sum);
      });
  const float mean = block_sum(sum, shared) * rstd / static_cast<float>(width), factor = rstd * norm.scale;
  auto finish = [&](float(&gradient)[kOctet], const float(&value)[kOctet], const float(&old)[kOctet], int64_t column) {
#pragma unroll
    for (int k = 0; k < kOctet; ++k) {
      gradient[k] = factor * (gradient[k] - value[k] * rstd * mean);
      if (accumulate) gradient[k] = old[k] + gradient[k];
    }
    store_octet<Whole>(dx.at(row), column, width, gradient);
  };
  each_octet(
      width, [&](int i, int64_t column) { finish(g[i], v[i], before[i], column); },
      [&](int64_t column) {
        float gradient[kOctet], value[kOctet], old[kOctet];
        load(gradient, value, column);
        weigh(gradient, column);
        if (accumulate) load_octet<Whole>(old, dx.at(row), column, width);
        finish(gradient, value, old, column);
      });
}

// Rows of one sequence: the first of them in the buffers, and where its sums go.
struct RowRun {
  int64_t row0, rows;
  float* sums;
};

// sums += scale * dy * x * rstd over a sequence's rows, one after the other: a block takes 64 columns through tiles of
// 64 rows, all of it loading, and a thread for each column adding up. The next tile is on its way meanwhile.
constexpr int kSumThreads = 256, kSumColumns = 64, kSumRows = 64;

template <bool Whole, class X>
__global__ void __launch_bounds__(kSumThreads)
    norm_weight_gradients(View<float> dy, int64_t dy_row0, View<X> x, const float* rstds, float scale,
                          const RowRun* runs, unsigned across, int64_t width) {
  constexpr int kOctetsAcross = kSumColumns / kOctet, kAtOnce = kSumThreads / kOctetsAcross, kEach = kSumRows / kAtOnce;
  __shared__ float products[kSumRows][kSumColumns];
  const RowRun run = runs[blockIdx.x / across];
  const int64_t first = int64_t{blockIdx.x % across} * kSumColumns;
  const int octet = threadIdx.x % kOctetsAcross * kOctet, line = threadIdx.x / kOctetsAcross;
  float g[kEach][kOctet], v[kEach][kOctet], rstd[kEach];
  auto load = [&](int64_t tile) {
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
      const int64_t of_run = tile + i * kAtOnce + line, row = run.row0 + of_run;
      if (of_run >= run.rows) continue;
      load_octet<Whole>(g[i], dy.at(row - dy_row0), first + octet, width);
      load_octet<Whole>(v[i], x.at(row), first + octet, width);
      rstd[i] = rstds[row];
    }
  };
  const int64_t mine = first + threadIdx.x;
  const bool sums = threadIdx.x < kSumColumns && mine < width;
  float sum = sums ? run.sums[mine] : 0.0f;
  load(0);
  for (int64_t tile = 0; tile < run.rows; tile += kSumRows) {
    const int rows = static_cast<int>(min(int64_t{kSumRows}, run.rows - tile));
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
      if (i * kAtOnce + line >= rows) continue;
#pragma unroll
      for (int k = 0; k < kOctet; ++k) g[i][k] = g[i][k] * scale * (v[i][k] * rstd[i]);
      store_whole(&products[i * kAtOnce + line][octet], g[i]);
    }
    __syncthreads();
    load(tile + kSumRows);
    if (sums) {
#pragma unroll 8
      for (int r = 0; r < rows; ++r) sum += products[r][threadIdx.x];
    }
  }
  if (sums) run.sums[mine] = sum;
}

Norm norm_of(const RmsNorm& n) {
  return {n.weight.data.as<float>(), n.eps, n.offset, n.scale};
}

template <bool Adds>
void launch_norm(Stream& stream, const char* name, const Rows& y, Values rstd, const Rows& residual, const Rows& x,
                 const RmsNorm& norm, int64_t rows) {
  const bool whole =
      lies_in_octets(y) && lies_in_octets(residual) && lies_in_octets(x) && lies_in_octets(norm.weight.data);
  with_type(y.type, [&](auto of_y) {
    with_type(x.type, [&](auto of_x) {
      with_bool(whole, [&](auto is_whole) {
        using Y = decltype(of_y);
        using X = decltype(of_x);
        launch(stream, name, norm_rows<decltype(is_whole)::value, Adds, Y, X>, static_cast<unsigned>(rows),
               threads_of(x.width), 0, View<Y>(y), rstd.data.as<float>(), View<Y>(residual), View<X>(x), norm_of(norm),
               x.width);
      });
    });
  });
}

}  // namespace

void CudaOps::rmsnorm(const Rows& y, Values rstd, const Rows& x, const RmsNorm& norm, int64_t rows) {
  launch_norm<false>(stream_, "norm_rows", y, rstd, y, x, norm, rows);
}

void CudaOps::rmsnorm_add(const Rows& out, Values rstd, const Rows& residual, const Rows& x, const RmsNorm& norm,
                          int64_t rows) {
  launch_norm<true>(stream_, "norm_rows with the residual", out, rstd, residual, x, norm, rows);
}

void CudaOps::rmsnorm_backward(const Rows& dx, bool accumulate, int64_t partial, const Rows& dy, const Rows& x,
                               const RmsNorm& norm, Values rstd, const RowsOfSequences& over) {
  const int64_t width = x.width;
  std::vector<RowRun> of_sequences, joined;
  for (int64_t i = 0; i < over.count; ++i) {
    const SequenceRows& s = over.sequences[i];
    const int64_t from = std::max(over.row0, s.row0), to = std::min(over.row0 + over.rows, s.row0 + s.rows);
    if (from >= to) continue;
    float* sums = partial < 0 ? nullptr : over.gradients[i].partial.at(partial).data.as<float>();
    of_sequences.push_back({from, to - from, sums});
    if (!joined.empty() && joined.back().row0 + joined.back().rows == from)
      joined.back().rows += to - from;
    else
      joined.push_back({from, to - from, nullptr});
  }
  if (joined.empty()) return;
  const bool whole = lies_in_octets(dx) && lies_in_octets(dy) && lies_in_octets(x) && lies_in_octets(norm.weight.data);
  with_type(x.type, [&](auto of_x) {
    with_bool(whole, [&](auto is_whole) {
      using X = decltype(of_x);
      constexpr bool kWhole = decltype(is_whole)::value;
      const float* rstds = rstd.data.as<float>();
      // Before dx, which may take the place of dy.
      if (partial >= 0) {
        const auto across = static_cast<unsigned>((width + kSumColumns - 1) / kSumColumns);
        launch(stream_, "norm_weight_gradients", norm_weight_gradients<kWhole, X>,
               static_cast<unsigned>(of_sequences.size()) * across, kSumThreads, 0, View<float>(dy), over.row0,
               View<X>(x), rstds, norm.scale, staging_.put(of_sequences), across, width);
      }
      for (const RowRun& run : joined)
        launch(stream_, "norm_gradients", norm_gradients<kWhole, X>, static_cast<unsigned>(run.rows), threads_of(width),
               0, View<float>(dx.at(run.row0 - over.row0)), accumulate, View<float>(dy.at(run.row0 - over.row0)),
               View<X>(x.at(run.row0)), rstds + run.row0, norm_of(norm), width);
    });
  });
}

}  // namespace glossa
