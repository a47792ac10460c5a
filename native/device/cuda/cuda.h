// What a file of kernels (.cu) includes: CUDA, or, where it is compiled as ordinary C++ to be tested on a machine
// without a GPU, its emulation. Beside that the few words that all kernels are written in: two element types,
// collective functions of a warp, the matrix instruction, and the launch.
//
// Both are compiled without contraction of a * b + c: where one rounding is meant, fmaf stands. So a formula has the
// same bits in every kernel that it is written in.
#pragma once
#include <cstdint>
#include <type_traits>

#include "base/dtype.h"
#include "base/host_device.h"

#if defined(__CUDACC__)
#include <cuda_bf16.h>
#include <cuda_runtime.h>
#else
#include "device/cuda/emulation.h"
#endif

namespace glossa {

#if defined(__CUDACC__)
constexpr bool kEmulated = false;
#else
constexpr bool kEmulated = true;
#endif

constexpr int kWarp = 32;

struct Bf16 {
  uint16_t bits;
};

__device__ inline float to_float(float x) {
  return x;
}
__device__ inline float to_float(Bf16 x) {
  return __uint_as_float(static_cast<uint32_t>(x.bits) << 16);
}
template <class T>
__device__ inline T from_float(float x) {
  if constexpr (std::is_same_v<T, float>) {
    return x;
  } else {
#if defined(__CUDA_ARCH__)
    return {__bfloat16_as_ushort(__float2bfloat16_rn(x))};
#else
    return {to_bf16(x)};
#endif
  }
}
// x as rows of type T hold it.
template <class T>
__device__ inline float rounded(float x) {
  return to_float(from_float<T>(x));
}

// Two bfloat16 numbers as they lie in a word.
__device__ inline float low_half(uint32_t pair) {
  return __uint_as_float(pair << 16);
}
__device__ inline float high_half(uint32_t pair) {
  return __uint_as_float(pair & 0xffff0000u);
}
__device__ inline uint32_t pair_of(float low, float high) {
#if defined(__CUDA_ARCH__)
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return static_cast<uint32_t>(__bfloat16_as_ushort(pair.x)) | static_cast<uint32_t>(__bfloat16_as_ushort(pair.y))
                                                                   << 16;
#else
  return from_float<Bf16>(low).bits | static_cast<uint32_t>(from_float<Bf16>(high).bits) << 16;
#endif
}

// Numbers that are loaded and stored together: 16 bytes of the wider type. The address is a multiple of that.
constexpr int kPack = 4;
__device__ inline void load_pack(float (&x)[kPack], const float* from) {
  const float4 v = *reinterpret_cast<const float4*>(from);
  x[0] = v.x, x[1] = v.y, x[2] = v.z, x[3] = v.w;
}
__device__ inline void load_pack(float (&x)[kPack], const Bf16* from) {
  const uint2 v = *reinterpret_cast<const uint2*>(from);
  x[0] = low_half(v.x), x[1] = high_half(v.x);
  x[2] = low_half(v.y), x[3] = high_half(v.y);
}
__device__ inline void store_pack(float* to, const float (&x)[kPack]) {
  *reinterpret_cast<float4*>(to) = make_float4(x[0], x[1], x[2], x[3]);
}
__device__ inline void store_pack(Bf16* to, const float (&x)[kPack]) {
  *reinterpret_cast<uint2*>(to) = make_uint2(pair_of(x[0], x[1]), pair_of(x[2], x[3]));
}
// Over the lanes of a warp, in a fixed tree; every lane has the result.
__device__ inline float warp_sum(float x) {
  for (int offset = kWarp / 2; offset > 0; offset /= 2) x += __shfl_xor_sync(0xffffffffu, x, offset);
  return x;
}
__device__ inline float warp_max(float x) {
  for (int offset = kWarp / 2; offset > 0; offset /= 2) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, offset));
  return x;
}
// Over a block of whole warps, 1,024 threads at most; every thread has the result. shared: 32 numbers, for nothing else
// until the next barrier.
template <class Combine>
__device__ inline float block_reduce(float x, float* shared, float nothing, const Combine& of_warp) {
  const int warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp, warps = blockDim.x / kWarp;
  x = of_warp(x);
  __syncthreads();
  if (lane == 0) shared[warp] = x;
  __syncthreads();
  return of_warp(lane < warps ? shared[lane] : nothing);
}
__device__ inline float block_sum(float x, float* shared) {
  return block_reduce(x, shared, 0.0f, warp_sum);
}
__device__ inline float block_max(float x, float* shared) {
  return block_reduce(x, shared, -INFINITY, warp_max);
}

// Shared memory of a launch that asks for `shared` bytes.
#if defined(__CUDACC__)
#define GLOSSA_SHARED_MEMORY(name) extern __shared__ __align__(128) unsigned char name[]
#else
#define GLOSSA_SHARED_MEMORY(name) unsigned char* name = ::glossa::emulation::shared_memory()
#endif

// f(float{}) or f(Bf16{}).
template <class F>
void with_type(Dtype type, const F& f) {
  if (type == Dtype::f32) {
    f(float{});
  } else {
    f(Bf16{});
  }
}

}  // namespace glossa
