// Instructions that kernels of products and attention are made of: bfloat16 matrix products of a warp, the loads that
// bring their operands out of shared memory, and copies into shared memory that go on beside the arithmetic. sm_80 and
// newer.
#pragma once
#include "device/cuda/cuda.h"

namespace glossa {

// c[16][8] += a[16][16] b[16][8], of a warp. With g = lane / 4 and t = lane % 4 a lane holds, in pairs of neighbours:
//   a: (g, 2t), (g + 8, 2t), (g, 2t + 8), (g + 8, 2t + 8)     c: (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1)
//   b: (2t, g), (2t + 8, g), pairs along k
// Chains over ascending k have the same bits as the library's Hopper kernels and as wgmma: the order is k ascending by
// 16, from the first c, one accumulator.
__device__ inline void multiply_add(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if defined(__CUDA_ARCH__)
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#elif !defined(__CUDACC__)
  struct Held {
    uint32_t a[4], b[2];
  };
  const unsigned lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const Held mine{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  std::memcpy(emulation::lane_memory(lane), &mine, sizeof mine);
  emulation::warp_barrier();
  auto held = [](unsigned of) { return *reinterpret_cast<const Held*>(emulation::lane_memory(of)); };
  auto half = [](uint32_t pair, unsigned i) { return from_bf16(static_cast<uint16_t>(i ? pair >> 16 : pair)); };
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned row_half = i / 2, column = 2 * t + i % 2;
    for (unsigned k = 0; k < 16; ++k) {
      const unsigned of = k % 8 / 2, upper = k / 8;
      c[i] += half(held(g * 4 + of).a[row_half + 2 * upper], k % 2) * half(held(column * 4 + of).b[upper], k % 2);
    }
  }
  emulation::warp_barrier();
#endif
}

// Four 8 x 8 matrices of 16-bit elements out of shared memory. Lane i gives the address of row i % 8 of matrix i / 8
// (16 bytes); it gets of each matrix the pair of elements 2 (lane % 4) of row lane / 4; with Transposed of column lane
// / 4.
template <bool Transposed>
__device__ inline void load_matrices(uint32_t (&x)[4], const void* row) {
#if defined(__CUDA_ARCH__)
  const uint32_t at = static_cast<uint32_t>(__cvta_generic_to_shared(row));
  if constexpr (Transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(at)
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(at)
                 : "memory");
#elif !defined(__CUDACC__)
  const unsigned lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  std::memcpy(emulation::lane_memory(lane), &row, sizeof row);
  emulation::warp_barrier();
  for (unsigned m = 0; m < 4; ++m) {
    auto element = [&](unsigned r, unsigned column) -> uint32_t {
      const uint16_t* of = nullptr;
      std::memcpy(&of, emulation::lane_memory(m * 8 + r), sizeof of);
      return of[column];
    };
    x[m] =
        Transposed ? element(2 * t, g) | element(2 * t + 1, g) << 16 : element(g, 2 * t) | element(g, 2 * t + 1) << 16;
  }
  emulation::warp_barrier();
#endif
}

// 16 bytes from device to shared memory, both aligned to that; `bytes` of them, the others become zero. It has happened
// for the calling thread after wait_copies.
__device__ inline void copy_async(void* to, const void* from, int bytes = 16) {
#if defined(__CUDA_ARCH__)
  asm volatile(
      "cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(static_cast<uint32_t>(__cvta_generic_to_shared(to))),
      "l"(from), "r"(bytes)
      : "memory");
#elif !defined(__CUDACC__)
  emulation::later(emulation::Queue::copies, [=] {
    unsigned char x[16] = {};
    if (bytes > 0) std::memcpy(x, from, static_cast<size_t>(bytes));
    std::memcpy(to, x, 16);
  });
#endif
}
__device__ inline void end_copies() {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.commit_group;" ::: "memory");
#elif !defined(__CUDACC__)
  emulation::end_group(emulation::Queue::copies);
#endif
}
// Until no more than `Left` groups of this thread's copies are under way.
template <int Left>
__device__ inline void wait_copies() {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.wait_group %0;" ::"n"(Left) : "memory");
#elif !defined(__CUDACC__)
  emulation::wait_groups(emulation::Queue::copies, Left);
#endif
}

}  // namespace glossa
