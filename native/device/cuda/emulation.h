// As much of CUDA as the kernels use, for ordinary C++: a launch runs one block after the other, and each thread of a
// block on a stack of its own, which it leaves where it waits for others. It finds faults of indexing and missing
// barriers (the threads' order changes from block to block); it says nothing about time. x86-64 alone.
#pragma once
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__ static
#define __launch_bounds__(...)
#define __restrict__

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3() = default;
  dim3(unsigned a, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) uint2 {
  uint32_t x, y;
};
struct alignas(16) uint4 {
  uint32_t x, y, z, w;
};
inline float2 make_float2(float x, float y) {
  return {x, y};
}
inline float4 make_float4(float x, float y, float z, float w) {
  return {x, y, z, w};
}
inline uint2 make_uint2(uint32_t x, uint32_t y) {
  return {x, y};
}
inline uint4 make_uint4(uint32_t x, uint32_t y, uint32_t z, uint32_t w) {
  return {x, y, z, w};
}

extern thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace glossa::emulation {

// Runs body as every thread of every block. Ends the process with a message where the threads of a block wait for ever,
// or where the launch asks for more than a GPU has.
void run(dim3 grid, dim3 block, int64_t shared_bytes, const std::function<void()>& body);
unsigned char* shared_memory();
void block_barrier();
void warp_barrier();
// 256 bytes of every lane of the calling thread's warp, for what lanes tell each other between two barriers.
unsigned char* lane_memory(unsigned lane);
// What a thread asks for and waits for later. It happens at once in one block and as late as it may in another, so that
// what rests on either shows.
enum class Queue { copies, products };
void later(Queue, std::function<void()>);
void end_group(Queue);
void wait_groups(Queue, int left);
// Where something lies in shared memory, and what lies there.
uint32_t shared_address(const void*);
const unsigned char* shared_at(uint32_t address);

// What the emulated GPU has and when it fails: for tests, which set it before a device is opened.
class Gpu {
 public:
  // Bytes in all; 0: the host's memory is its own. Of them, what other programs hold.
  int64_t memory = 0, others = 0;
  // Calls (requests for memory, copies, launches, waits) until the one that fails, as every call after it does.
  std::atomic<int64_t> calls_left{INT64_MAX};
  // Requests for memory that were granted, and those until the one that is refused; all others get theirs.
  std::atomic<int64_t> requests{0}, requests_left{INT64_MAX};

  // Whether calls happen when they are waited for, as late as a GPU may make them, and not at once. For one thread.
  bool late = false;

  bool fails() { return calls_left.load() != INT64_MAX && calls_left.fetch_sub(1) <= 0; }
  bool failed() const { return calls_left.load() < 0; }
  int64_t taken() const { return taken_; }
  int64_t free() const { return memory > 0 ? std::max<int64_t>(memory - others - taken_, 0) : 0; }
  // False: there is no room for it.
  bool take(int64_t bytes);
  void give(int64_t bytes) { taken_ -= bytes; }

 private:
  std::atomic<int64_t> taken_{0};
};
Gpu& gpu();

template <class T>
T from_lane(T x, unsigned lane) {
  static_assert(sizeof(T) <= 256);
  std::memcpy(lane_memory(threadIdx.x % 32), &x, sizeof x);
  warp_barrier();
  std::memcpy(&x, lane_memory(lane % 32), sizeof x);
  warp_barrier();
  return x;
}

}  // namespace glossa::emulation

inline void __syncthreads() {
  glossa::emulation::block_barrier();
}
inline void __syncwarp(uint32_t = 0xffffffffu) {
  glossa::emulation::warp_barrier();
}
template <class T>
T __shfl_sync(uint32_t, T x, int lane) {
  return glossa::emulation::from_lane(x, static_cast<unsigned>(lane));
}
template <class T>
T __shfl_xor_sync(uint32_t, T x, int mask) {
  return glossa::emulation::from_lane(x, (threadIdx.x % 32) ^ static_cast<unsigned>(mask));
}
template <class T>
T __shfl_up_sync(uint32_t, T x, unsigned delta) {
  const unsigned lane = threadIdx.x % 32;
  return glossa::emulation::from_lane(x, lane < delta ? lane : lane - delta);
}
inline int __syncthreads_or(int predicate) {
  static int any;
  __syncthreads();
  any = 0;
  __syncthreads();
  any |= predicate;
  __syncthreads();
  return any;
}
template <class T>
T atomicOr(T* at, T x) {
  const T before = *at;
  *at = before | x;
  return before;
}
template <class T>
T atomicAdd(T* at, T x) {
  const T before = *at;
  *at = before + x;
  return before;
}
inline float __uint_as_float(uint32_t x) {
  return __builtin_bit_cast(float, x);
}
inline uint32_t __float_as_uint(float x) {
  return __builtin_bit_cast(uint32_t, x);
}
inline int __clz(int x) {
  return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x));
}
inline uint32_t __umulhi(uint32_t a, uint32_t b) {
  return static_cast<uint32_t>((static_cast<uint64_t>(a) * b) >> 32);
}
using std::max;
using std::min;

// The host's side: memory is the host's own, and every call has ended when it returns.
using cudaStream_t = int;
