// Operators that only move rows or add them up, on a GPU: every thread has eight columns of a row.
#include <algorithm>

#include "device/cuda/cuda_ops.h"
#include "device/cuda/view.h"

namespace glossa {
namespace {

constexpr int kThreads = 256;

unsigned blocks(int64_t items) {
  return static_cast<unsigned>((items + kThreads - 1) / kThreads);
}

template <bool Whole, class To, class From>
__global__ void __launch_bounds__(kOctetThreads)
    scale_rows(View<To> to, View<From> from, float factor, int64_t width, unsigned across) {
  const OctetPlace at(across);
  float x[kOctet];
  load_octet<Whole>(x, from.at(at.row), at.column, width);
#pragma unroll
  for (float& v : x) v *= factor;
  store_octet<Whole>(to.at(at.row), at.column, width, x);
}

template <bool Whole, class T, class X>
__global__ void __launch_bounds__(kOctetThreads)
    add_rows_scaled(View<T> out, View<T> residual, View<X> x, float factor, int64_t width, unsigned across) {
  const OctetPlace at(across);
  float a[kOctet], b[kOctet];
  load_octet<Whole>(a, residual.at(at.row), at.column, width);
  load_octet<Whole>(b, x.at(at.row), at.column, width);
#pragma unroll
  for (int i = 0; i < kOctet; ++i) a[i] = a[i] + b[i] * factor;
  store_octet<Whole>(out.at(at.row), at.column, width, a);
}

// A thread an element of a parameter, the parameter being blockIdx.y.
__global__ void add_blocks(float* gradient, const float* partials, int64_t blocks, int64_t block_size,
                           const PartialSum* sums) {
  const PartialSum s = sums[blockIdx.y];
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= s.size) return;
  float sum = gradient[s.offset + i];
#pragma unroll 8
  for (int64_t b = 0; b < blocks; ++b) sum += partials[b * block_size + s.place + i];
  gradient[s.offset + i] = sum;
}

}  // namespace

void CudaOps::convert(const Rows& to, const Rows& from, int64_t rows) {
  if (to.data == from.data) return;
  scale(to, from, 1, rows);
}

void CudaOps::scale(const Rows& to, const Rows& from, float factor, int64_t rows) {
  const OctetGrid grid(rows, from.width);
  with_type(to.type, [&](auto t) {
    with_type(from.type, [&](auto f) {
      with_bool(lies_in_octets(to) && lies_in_octets(from), [&](auto whole) {
        using To = decltype(t);
        using From = decltype(f);
        launch(stream_, "scale_rows", scale_rows<decltype(whole)::value, To, From>, grid.blocks, kOctetThreads, 0,
               View<To>(to), View<From>(from), factor, from.width, grid.across);
      });
    });
  });
}

void CudaOps::add_scaled(const Rows& out, const Rows& residual, const Rows& x, float factor, int64_t rows) {
  const OctetGrid grid(rows, x.width);
  with_type(out.type, [&](auto t) {
    with_type(x.type, [&](auto b) {
      with_bool(lies_in_octets(out) && lies_in_octets(residual) && lies_in_octets(x), [&](auto whole) {
        using T = decltype(t);
        using X = decltype(b);
        launch(stream_, "add_rows_scaled", add_rows_scaled<decltype(whole)::value, T, X>, grid.blocks, kOctetThreads, 0,
               View<T>(out), View<T>(residual), View<X>(x), factor, x.width, grid.across);
      });
    });
  });
}

// Also what lies between the rows, as far as the last one's stride goes.
void CudaOps::zero(const Rows& x, int64_t rows) {
  stream_.fill(x.data.as<void>(), 0, rows * x.stride * dtype_bytes(x.type));
}

void CudaOps::add_partials(Values gradient, Values partials, int64_t blocks_given, int64_t block_size,
                           const std::vector<PartialSum>& sums) {
  constexpr size_t kMost = 65535;  // of a grid's second dimension
  for (size_t at = 0; at < sums.size(); at += kMost) {
    const auto n = static_cast<unsigned>(std::min(kMost, sums.size() - at));
    int64_t longest = 0;
    for (size_t i = at; i < at + n; ++i) longest = std::max(longest, sums[i].size);
    launch(stream_, "add_blocks", add_blocks, dim3(blocks(longest), n), kThreads, 0, gradient.data.as<float>(),
           partials.data.as<float>(), blocks_given, block_size, staging_.put(sums.data() + at, n));
  }
}

}  // namespace glossa
