// Rows as a kernel takes them, and how its threads read and write them: eight numbers each, 16 bytes of bfloat16 or
// twice that of float32, where the rows lie so that this can be done at once; one after the other else. Which columns a
// thread has is the same in both ways, so are the bits.
#pragma once
#include "device/cuda/cuda.h"
#include "ops/operands.h"

namespace glossa {

// Rows of type T, `stride` elements apart.
template <class T>
struct View {
  T* data;
  int64_t stride;
  View(T* data, int64_t stride) : data(data), stride(stride) {}
  explicit View(const Rows& r) : data(r.data.as<T>()), stride(r.stride) {}
  __device__ T* at(int64_t row) const { return data + row * stride; }
};

constexpr int kOctet = 8;

inline bool lies_in_octets(Address a) {
  return reinterpret_cast<uintptr_t>(a.as<void>()) % 16 == 0;
}
// Whether every row begins and ends with a whole octet.
inline bool lies_in_octets(const Rows& r) {
  return lies_in_octets(r.data) && r.width % kOctet == 0 && r.stride % kOctet == 0;
}

__device__ inline void load_whole(float (&x)[kOctet], const float* from) {
  const float4 a = reinterpret_cast<const float4*>(from)[0], b = reinterpret_cast<const float4*>(from)[1];
  x[0] = a.x, x[1] = a.y, x[2] = a.z, x[3] = a.w, x[4] = b.x, x[5] = b.y, x[6] = b.z, x[7] = b.w;
}
__device__ inline void load_whole(float (&x)[kOctet], const Bf16* from) {
  const uint4 v = *reinterpret_cast<const uint4*>(from);
  x[0] = __uint_as_float(v.x << 16), x[1] = __uint_as_float(v.x & 0xffff0000u);
  x[2] = __uint_as_float(v.y << 16), x[3] = __uint_as_float(v.y & 0xffff0000u);
  x[4] = __uint_as_float(v.z << 16), x[5] = __uint_as_float(v.z & 0xffff0000u);
  x[6] = __uint_as_float(v.w << 16), x[7] = __uint_as_float(v.w & 0xffff0000u);
}
__device__ inline void store_whole(float* to, const float (&x)[kOctet]) {
  reinterpret_cast<float4*>(to)[0] = make_float4(x[0], x[1], x[2], x[3]);
  reinterpret_cast<float4*>(to)[1] = make_float4(x[4], x[5], x[6], x[7]);
}
__device__ inline void store_whole(Bf16* to, const float (&x)[kOctet]) {
  *reinterpret_cast<uint4*>(to) =
      make_uint4(pair_of(x[0], x[1]), pair_of(x[2], x[3]), pair_of(x[4], x[5]), pair_of(x[6], x[7]));
}

// The octet of a row of `width` columns that begins at `column`; what lies beyond the row is zero and stays as it is.
template <bool Whole, class T>
__device__ inline void load_octet(float (&x)[kOctet], const T* row, int64_t column, int64_t width) {
  if constexpr (Whole) {
    if (column < width) return load_whole(x, row + column);
#pragma unroll
    for (int i = 0; i < kOctet; ++i) x[i] = 0;
  } else {
#pragma unroll
    for (int i = 0; i < kOctet; ++i) x[i] = column + i < width ? to_float(row[column + i]) : 0.0f;
  }
}
template <bool Whole, class T>
__device__ inline void store_octet(T* row, int64_t column, int64_t width, const float (&x)[kOctet]) {
  if constexpr (Whole) {
    if (column < width) store_whole(row + column, x);
  } else {
#pragma unroll
    for (int i = 0; i < kOctet; ++i)
      if (column + i < width) row[column + i] = from_float<T>(x[i]);
  }
}

// Of a launch whose every thread has one octet of a row: blocks of so many threads, `across` of them a row.
constexpr int kOctetThreads = 128;
struct OctetGrid {
  unsigned across, blocks;
  OctetGrid(int64_t rows, int64_t width)
      : across(static_cast<unsigned>((width + kOctetThreads * kOctet - 1) / (kOctetThreads * kOctet))),
        blocks(static_cast<unsigned>(rows * across)) {}
};
// The calling thread's row and column, which may lie beyond the row.
struct OctetPlace {
  int64_t row, column;
  __device__ explicit OctetPlace(unsigned across)
      : row(blockIdx.x / across), column(int64_t{blockIdx.x % across * kOctetThreads + threadIdx.x} * kOctet) {}
};

// f(std::true_type) or f(std::false_type).
template <class F>
void with_bool(bool b, const F& f) {
  if (b) {
    f(std::true_type{});
  } else {
    f(std::false_type{});
  }
}

}  // namespace glossa
