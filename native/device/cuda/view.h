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

// An octet as it lies in memory. Asking for several, and making numbers of them later, has them on their way at once.
template <class T>
struct Octet {
  static constexpr int kWords = kOctet * static_cast<int>(sizeof(T)) / 4;
  uint32_t words[kWords];
  bool inside;  // of its row; if not, its numbers are zero
};

// Not put off by the compiler to where it is used.
__device__ inline uint4 load_now(const void* from) {
#if defined(__CUDA_ARCH__)
  uint4 v;
  asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(from)
               : "memory");
  return v;
#else
  return *static_cast<const uint4*>(from);
#endif
}
__device__ inline uint32_t bits_of(Bf16 x) {
  return x.bits;
}
__device__ inline uint32_t bits_of(float x) {
  return __float_as_uint(x);
}

// The octet that begins at `column` of a row of `width`. Whole: all of it, or none, is inside.
template <bool Whole, class T>
__device__ inline Octet<T> fetch(const T* row, int64_t column, int64_t width) {
  Octet<T> o;
  o.inside = column < width;
  if constexpr (Whole) {
    const T* from = row + (o.inside ? column : 0);  // without a branch: there is always something to load
#pragma unroll
    for (int i = 0; i < o.kWords; i += 4) {
      const uint4 v = load_now(from + i * kOctet / o.kWords);
      o.words[i] = v.x, o.words[i + 1] = v.y, o.words[i + 2] = v.z, o.words[i + 3] = v.w;
    }
  } else {
    constexpr int kEach = kOctet / Octet<T>::kWords;  // numbers of a word
#pragma unroll
    for (int i = 0; i < kOctet; ++i) {
      const uint32_t bits = column + i < width ? bits_of(row[column + i]) : 0;
      o.words[i / kEach] = i % kEach == 0 ? bits : o.words[i / kEach] | bits << 16;
    }
  }
  return o;
}
__device__ inline void numbers(float (&x)[kOctet], const Octet<float>& o) {
#pragma unroll
  for (int i = 0; i < kOctet; ++i) x[i] = o.inside ? __uint_as_float(o.words[i]) : 0.0f;
}
__device__ inline void numbers(float (&x)[kOctet], const Octet<Bf16>& o) {
#pragma unroll
  for (int i = 0; i < o.kWords; ++i) {
    const uint32_t pair = o.inside ? o.words[i] : 0;
    x[2 * i] = low_half(pair), x[2 * i + 1] = high_half(pair);
  }
}
template <bool Whole, class T>
__device__ inline void load_octet(float (&x)[kOctet], const T* row, int64_t column, int64_t width) {
  numbers(x, fetch<Whole>(row, column, width));
}

__device__ inline void store_whole(float* to, const float (&x)[kOctet]) {
  reinterpret_cast<float4*>(to)[0] = make_float4(x[0], x[1], x[2], x[3]);
  reinterpret_cast<float4*>(to)[1] = make_float4(x[4], x[5], x[6], x[7]);
}
__device__ inline void store_whole(Bf16* to, const float (&x)[kOctet]) {
  *reinterpret_cast<uint4*>(to) =
      make_uint4(pair_of(x[0], x[1]), pair_of(x[2], x[3]), pair_of(x[4], x[5]), pair_of(x[6], x[7]));
}
// What lies beyond the row stays as it is.
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
