// Operators that only move rows or add them up, on a GPU: memory is read and written once, in packs of four where rows
// allow it.
#include <algorithm>

#include "device/cuda/cuda_ops.h"
#include "device/cuda/view.h"

namespace glossa {
namespace {

constexpr int kThreads = 256;

unsigned blocks(int64_t items) {
  return static_cast<unsigned>((items + kThreads - 1) / kThreads);
}

// f(row, column, count): columns [column, column + count) of a row, a whole pack where Packs.
template <bool Packs, class F>
__device__ inline void each_pack(int64_t rows, int64_t width, const F& f) {
  constexpr int kEach = Packs ? kPack : 1;
  const int64_t across = width / kEach, i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i < rows * across) f(i / across, i % across * kEach);
}
template <bool Packs, class T>
__device__ inline void load(float (&x)[kPack], const T* from) {
  if constexpr (Packs) {
    load_pack(x, from);
  } else {
    x[0] = to_float(*from);
  }
}
template <bool Packs, class T>
__device__ inline void store(T* to, const float (&x)[kPack]) {
  if constexpr (Packs) {
    store_pack(to, x);
  } else {
    *to = from_float<T>(x[0]);
  }
}

template <bool Packs, class To, class From>
__global__ void scale_rows(View<To> to, View<From> from, float factor, int64_t rows, int64_t width) {
  each_pack<Packs>(rows, width, [&](int64_t row, int64_t column) {
    float x[kPack];
    load<Packs>(x, from.data + row * from.stride + column);
    for (float& v : x) v *= factor;
    store<Packs>(to.data + row * to.stride + column, x);
  });
}

template <bool Packs, class T, class X>
__global__ void add_rows_scaled(View<T> out, View<T> residual, View<X> x, float factor, int64_t rows, int64_t width) {
  each_pack<Packs>(rows, width, [&](int64_t row, int64_t column) {
    float a[kPack], b[kPack];
    load<Packs>(a, residual.data + row * residual.stride + column);
    load<Packs>(b, x.data + row * x.stride + column);
    for (int i = 0; i < (Packs ? kPack : 1); ++i) a[i] = a[i] + b[i] * factor;
    store<Packs>(out.data + row * out.stride + column, a);
  });
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

bool takes_packs(const Rows& r) {
  return r.type == Dtype::f32 ? packs(r.data.as<float>(), r.width, r.stride)
                              : packs(r.data.as<Bf16>(), r.width, r.stride);
}

}  // namespace

void CudaOps::convert(const Rows& to, const Rows& from, int64_t rows) {
  if (to.data == from.data) return;
  scale(to, from, 1, rows);
}

void CudaOps::scale(const Rows& to, const Rows& from, float factor, int64_t rows) {
  if (rows == 0) return;
  with_type(to.type, [&](auto t) {
    with_type(from.type, [&](auto f) {
      using To = decltype(t);
      using From = decltype(f);
      if (takes_packs(to) && takes_packs(from))
        launch(stream_, "scale_rows", scale_rows<true, To, From>, blocks(rows * from.width / kPack), kThreads, 0,
               View<To>(to), View<From>(from), factor, rows, from.width);
      else
        launch(stream_, "scale_rows", scale_rows<false, To, From>, blocks(rows * from.width), kThreads, 0, View<To>(to),
               View<From>(from), factor, rows, from.width);
    });
  });
}

void CudaOps::add_scaled(const Rows& out, const Rows& residual, const Rows& x, float factor, int64_t rows) {
  if (rows == 0) return;
  with_type(out.type, [&](auto t) {
    with_type(x.type, [&](auto b) {
      using T = decltype(t);
      using X = decltype(b);
      if (takes_packs(out) && takes_packs(residual) && takes_packs(x))
        launch(stream_, "add_rows_scaled", add_rows_scaled<true, T, X>, blocks(rows * x.width / kPack), kThreads, 0,
               View<T>(out), View<T>(residual), View<X>(x), factor, rows, x.width);
      else
        launch(stream_, "add_rows_scaled", add_rows_scaled<false, T, X>, blocks(rows * x.width), kThreads, 0,
               View<T>(out), View<T>(residual), View<X>(x), factor, rows, x.width);
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
