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
// again(column) for the thread's octets that it does not keep.
template <class Again>
__device__ inline void beyond(int64_t width, const Again& again) {
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

// y = x * rstd * scale * (offset + weight), added to the residual where Adds. y may be the residual. All that is kept
// is asked for at once, so that it comes while the sum is made.
template <bool Whole, bool Adds, class Y, class X>
__global__ void __launch_bounds__(kMostThreads)
    norm_rows(View<Y> y, float* rstds, View<Y> residual, View<X> x, Norm norm, int64_t width) {
  __shared__ float shared[kWarp];
  const int64_t row = blockIdx.x;
  float sum = 0;
  auto add = [&](const Octet<X>& o) {
    float v[kOctet];
    numbers(v, o);
    sum = dot(v, v, sum);
  };
  beyond(width, [&](int64_t column) { add(fetch<Whole>(x.at(row), column, width)); });
  Octet<X> values[kKept];
  Octet<Y> beside[kKept];
  Octet<float> weights[kKept];
#pragma unroll
  for (int i = 0; i < kKept; ++i) values[i] = fetch<Whole>(x.at(row), column_of(i), width);
#pragma unroll
  for (int i = 0; i < kKept; ++i) {
    if (Adds) beside[i] = fetch<Whole>(residual.at(row), column_of(i), width);
    weights[i] = fetch<Whole>(norm.weight, column_of(i), width);
  }
#pragma unroll
  for (int i = 0; i < kKept; ++i) add(values[i]);
  const float rstd = 1.0f / sqrtf(block_sum(sum, shared) / static_cast<float>(width) + norm.eps);
  if (threadIdx.x == 0) rstds[row] = rstd;
  const float factor = rstd * norm.scale;
  auto finish = [&](const Octet<X>& o, const Octet<Y>& r, const Octet<float>& w, int64_t column) {
    float v[kOctet], weight[kOctet], before[kOctet];
    numbers(v, o);
    numbers(weight, w);
    if (Adds) numbers(before, r);
#pragma unroll
    for (int k = 0; k < kOctet; ++k) {
      v[k] = v[k] * factor * (weight[k] + norm.offset);
      if (Adds) v[k] = before[k] + v[k];
    }
    store_octet<Whole>(y.at(row), column, width, v);
  };
#pragma unroll
  for (int i = 0; i < kKept; ++i) finish(values[i], beside[i], weights[i], column_of(i));
  beyond(width, [&](int64_t column) {
    Octet<Y> r;
    if (Adds) r = fetch<Whole>(residual.at(row), column, width);
    finish(fetch<Whole>(x.at(row), column, width), r, fetch<Whole>(norm.weight, column, width), column);
  });
}

// With n = x * rstd and g = dy * (offset + weight): dx (+)= scale * rstd * (g - n * mean(g * n)). dx may be dy.
template <bool Whole, class X>
__global__ void __launch_bounds__(kMostThreads, 1)
    norm_gradients(View<float> dx, bool accumulate, View<float> dy, View<X> x, const float* rstds, Norm norm,
                   int64_t width) {
  __shared__ float shared[kWarp];
  const int64_t row = blockIdx.x;
  const float rstd = rstds[row];
  auto weigh = [&](float(&g)[kOctet], const Octet<float>& gradient, const Octet<float>& weight) {
    float w[kOctet];
    numbers(g, gradient);
    numbers(w, weight);
#pragma unroll
    for (int k = 0; k < kOctet; ++k) g[k] = g[k] * (w[k] + norm.offset);
  };
  auto again = [&](float(&weighed)[kOctet], int64_t column) {
    weigh(weighed, fetch<Whole>(dy.at(row), column, width), fetch<Whole>(norm.weight, column, width));
    return fetch<Whole>(x.at(row), column, width);
  };
  float g[kKept][kOctet], v[kOctet], sum = 0;
  beyond(width, [&](int64_t column) {
    float weighed[kOctet];
    numbers(v, again(weighed, column));
    sum = dot(weighed, v, sum);
  });
  Octet<float> gradients[kKept], weights[kKept], before[kKept];
  Octet<X> values[kKept];
#pragma unroll
  for (int i = 0; i < kKept; ++i) {
    gradients[i] = fetch<Whole>(dy.at(row), column_of(i), width);
    values[i] = fetch<Whole>(x.at(row), column_of(i), width);
    weights[i] = fetch<Whole>(norm.weight, column_of(i), width);
    if (accumulate) before[i] = fetch<Whole>(dx.at(row), column_of(i), width);
  }
#pragma unroll
  for (int i = 0; i < kKept; ++i) {
    weigh(g[i], gradients[i], weights[i]);
    numbers(v, values[i]);
    sum = dot(g[i], v, sum);
  }
  const float mean = block_sum(sum, shared) * rstd / static_cast<float>(width), factor = rstd * norm.scale;
  auto finish = [&](float(&weighed)[kOctet], const Octet<X>& o, const Octet<float>& r, int64_t column) {
    float old[kOctet];
    numbers(v, o);
    if (accumulate) numbers(old, r);
#pragma unroll
    for (int k = 0; k < kOctet; ++k) {
      weighed[k] = factor * (weighed[k] - v[k] * rstd * mean);
      if (accumulate) weighed[k] = old[k] + weighed[k];
    }
    store_octet<Whole>(dx.at(row), column, width, weighed);
  };
#pragma unroll
  for (int i = 0; i < kKept; ++i) finish(g[i], values[i], before[i], column_of(i));
  beyond(width, [&](int64_t column) {
    float weighed[kOctet];
    const Octet<X> o = again(weighed, column);
    Octet<float> r;
    if (accumulate) r = fetch<Whole>(dx.at(row), column, width);
    finish(weighed, o, r, column);
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
__global__ void __launch_bounds__(kSumThreads, 3)
    norm_weight_gradients(View<float> dy, int64_t dy_row0, View<X> x, const float* rstds, float scale,
                          const RowRun* runs, unsigned across, int64_t width) {
  constexpr int kOctetsAcross = kSumColumns / kOctet, kAtOnce = kSumThreads / kOctetsAcross, kEach = kSumRows / kAtOnce;
  __shared__ float products[kSumRows][kSumColumns];
  const RowRun run = runs[blockIdx.x / across];
  const int64_t first = int64_t{blockIdx.x % across} * kSumColumns;
  const int octet = threadIdx.x % kOctetsAcross * kOctet, line = threadIdx.x / kOctetsAcross;
  Octet<float> gradients[kEach];
  Octet<X> values[kEach];
  float rstd[kEach];
  auto load = [&](int64_t tile) {
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
      // Beyond the last row that row, which nobody adds.
      const int64_t row = run.row0 + min(tile + i * kAtOnce + line, run.rows - 1);
      gradients[i] = fetch<Whole>(dy.at(row - dy_row0), first + octet, width);
      values[i] = fetch<Whole>(x.at(row), first + octet, width);
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
      float g[kOctet], v[kOctet];
      numbers(g, gradients[i]);
      numbers(v, values[i]);
#pragma unroll
      for (int k = 0; k < kOctet; ++k) g[k] = g[k] * scale * (v[k] * rstd[i]);
      store_whole(&products[i * kAtOnce + line][octet], g);
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
