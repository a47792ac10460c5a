// Matrix products of a warpgroup (wgmma): four warps, 128 threads from a multiple of 128 on, multiply together, read
// the second factor, or both, out of shared memory, and go on with something else until they wait. sm_90a alone.
//
// A factor lies in shared memory in tiles of 64 rows. A tile is cut into panels of 64 columns, one behind the other; a
// panel's row is 128 bytes, and its 16-byte piece p lies at p ^ (row % 8), so that the rows of a column lie in
// different banks. Formats: PTX ISA, "Asynchronous Warpgroup Level Matrix Instructions", 128-byte swizzling.
#pragma once
#include "device/cuda/tensor_core.h"

namespace glossa {

// Whether what is being compiled has them. A kernel that needs them is empty where not, and is not launched there.
#if defined(__CUDA_ARCH_FEAT_SM90_ALL) || !defined(__CUDACC__)
constexpr bool kHasWarpgroups = true;
#else
constexpr bool kHasWarpgroups = false;
#endif

constexpr int kWarpgroup = 4 * kWarp;
constexpr int kTileRows = 64, kPanel = 64, kPanelBytes = kTileRows * kPanel * 2;
// The first tile begins at a multiple of this many bytes; a launch asks for as many more than its tiles take.
constexpr int kTileAlignment = 1024;

// Where `column`, a multiple of 8, of `row` lies, in elements, in tiles of `Columns` columns.
template <int Columns>
__device__ inline int place_in_tiles(int row, int column) {
  const int in_tile = row % kTileRows;
  return row / kTileRows * (kTileRows * Columns) + column / kPanel * (kTileRows * kPanel) + in_tile * kPanel +
         ((column / 8 ^ in_tile) & 7) * 8;
}

__device__ inline uint32_t shared_address(const void* at) {
#if defined(__CUDA_ARCH__)
  return static_cast<uint32_t>(__cvta_generic_to_shared(at));
#elif !defined(__CUDACC__)
  return emulation::shared_address(at);
#else
  return 0;
#endif
}
// Where tiles may begin.
__device__ inline Bf16* first_tile(unsigned char* memory) {
  return reinterpret_cast<Bf16*>(memory + (kTileAlignment - shared_address(memory) % kTileAlignment) % kTileAlignment);
}

// A factor in shared memory: address, bytes from one panel to the next and from eight rows to the next eight, each in
// units of 16 bytes, and the swizzling.
struct Factor {
  uint64_t descriptor;
  __device__ Factor further(int bytes) const { return {descriptor + static_cast<uint64_t>(bytes / 16)}; }
};
__device__ inline Factor factor_at(const Bf16* tile) {
  return {shared_address(tile) / 16 | static_cast<uint64_t>(kPanelBytes / 16) << 16 |
          static_cast<uint64_t>(8 * 128 / 16) << 32 | uint64_t{1} << 62};
}
// The rows of a tile, columns [16 step, 16 step + 16) of them: what is summed over.
__device__ inline Factor columns_of(const Factor& tile, int step) {
  return tile.further(step / (kPanel / 16) * kPanelBytes + step % (kPanel / 16) * 32);
}
// The columns of a tile, rows [16 step, 16 step + 16) of them.
__device__ inline Factor rows_of(const Factor& tile, int step) {
  return tile.further(step * 16 * 128);
}

#if !defined(__CUDACC__)
namespace emulation {
// Element i of what is not summed over, k of what is.
inline float element(const Factor& f, bool down, unsigned i, unsigned k) {
  const auto bits = [&](int from) { return static_cast<uint32_t>(f.descriptor >> from & 0x3fff) * 16; };
  uint32_t at = bits(0);
  if (down)
    at += i / 64 * bits(16) + k / 8 * bits(32) + k % 8 * 128 + i % 64 * 2;
  else
    at += i / 8 * bits(32) + i % 8 * 128 + k * 2;
  uint16_t x = 0;
  std::memcpy(&x, shared_at(at ^ (at >> 7 & 7) << 4), 2);
  return from_bf16(x);
}
// This thread's part of c, whose rows are row0 = 16 warp + lane / 4 and that + 8; a(row, k) of its two rows.
template <int N, class A>
void multiply_later(float (&c)[N][4], const A& a, const Factor& b, bool down, bool add) {
  const unsigned t = threadIdx.x % 4;
  float(*const to)[4] = c;
  later(Queue::products, [=] {
    for (unsigned j = 0; j < N; ++j)
      for (unsigned i = 0; i < 4; ++i) {
        float sum = add ? to[j][i] : 0.0f;
        for (unsigned k = 0; k < 16; ++k) sum += a(i / 2, k) * element(b, down, 8 * j + 2 * t + i % 2, k);
        to[j][i] = sum;
      }
  });
}
}  // namespace emulation
#endif

// Numbers in registers that products read or make: what was done to them stays before, what will be done to them after.
// A compiler knows nothing of products, and would move either past a fence or a wait.
template <int N>
__device__ inline void hold(float (&c)[N][4]) {
#if defined(__CUDA_ARCH__)
#pragma unroll
  for (int j = 0; j < N; ++j)
#pragma unroll
    for (int i = 0; i < 4; ++i) asm volatile("" : "+f"(c[j][i])::"memory");
#else
  (void)c;
#endif
}
template <int N>
__device__ inline void hold(uint32_t (&a)[N][4]) {
#if defined(__CUDA_ARCH__)
#pragma unroll
  for (int j = 0; j < N; ++j)
#pragma unroll
    for (int i = 0; i < 4; ++i) asm volatile("" : "+r"(a[j][i])::"memory");
#else
  (void)a;
#endif
}
// Before the first product, and before one whose numbers in registers, c or a, something else has changed: `changed`.
template <class... Numbers>
__device__ inline void begin_products(Numbers&... changed) {
  (hold(changed), ...);
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}
__device__ inline void end_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#elif !defined(__CUDACC__)
  emulation::end_group(emulation::Queue::products);
#endif
}
// Until no more than `Left` groups of products are under way, `made` by those that are not.
template <int Left, class... Numbers>
__device__ inline void wait_products(Numbers&... made) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Left) : "memory");
#elif !defined(__CUDACC__)
  emulation::wait_groups(emulation::Queue::products, Left);
#endif
  (hold(made), ...);
}
// By every thread that wrote to shared memory, before the barrier behind which products read it.
__device__ inline void show_to_products() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}
// A barrier of a block of `Threads` threads, which its warpgroups may reach at different places of the program.
template <int Threads>
__device__ inline void meet() {
#if defined(__CUDA_ARCH__)
  asm volatile("bar.sync 1, %0;" ::"n"(Threads) : "memory");
#elif !defined(__CUDACC__)
  emulation::block_barrier();
#endif
}

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define GLOSSA_4(c, j) "+f"(c[j][0]), "+f"(c[j][1]), "+f"(c[j][2]), "+f"(c[j][3])
#define GLOSSA_32(c, j)                                                                                               \
  GLOSSA_4(c, j), GLOSSA_4(c, j + 1), GLOSSA_4(c, j + 2), GLOSSA_4(c, j + 3), GLOSSA_4(c, j + 4), GLOSSA_4(c, j + 5), \
      GLOSSA_4(c, j + 6), GLOSSA_4(c, j + 7)
#define GLOSSA_NAMES_32                                                                                            \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, %25, %26, %27, %28, %29, %30, %31"
#define GLOSSA_NAMES_64                                                                                              \
  GLOSSA_NAMES_32                                                                                                    \
  ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, " \
  "%54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#endif

// c (+)= a b of the warpgroup, begun: c [64][8 N] with rows 16 warp + .. as multiply_add has them in a warp, 16 summed
// products an element, in ascending order behind what is there where `add`. Down: b is rows_of a tile, else columns_of.
template <bool Down, int N>
__device__ inline void multiply(float (&c)[N][4], const uint32_t (&a)[4], const Factor& b, bool add) {
  static_assert(N == 8 || N == 16);
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  if constexpr (N == 8)
    asm volatile(
        "{\n.reg .pred p;\nsetp.ne.b32 p, %37, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" GLOSSA_NAMES_32
        "}, {%32, %33, %34, %35}, %36, p, 1, 1, %38;\n}"
        : GLOSSA_32(c, 0)
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b.descriptor), "r"(static_cast<int>(add)),
          "n"(static_cast<int>(Down)));
  else
    asm volatile(
        "{\n.reg .pred p;\nsetp.ne.b32 p, %69, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" GLOSSA_NAMES_64
        "}, {%64, %65, %66, %67}, %68, p, 1, 1, %70;\n}"
        : GLOSSA_32(c, 0), GLOSSA_32(c, 8)
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b.descriptor), "r"(static_cast<int>(add)),
          "n"(static_cast<int>(Down)));
#elif !defined(__CUDACC__)
  struct Rows {
    float x[2][16];
    float operator()(unsigned row, unsigned k) const { return x[row][k]; }
  } rows;
  const unsigned lane = threadIdx.x % 32;
  std::memcpy(emulation::lane_memory(lane), a, sizeof a);
  emulation::warp_barrier();
  for (unsigned i = 0; i < 2; ++i)
    for (unsigned k = 0; k < 16; ++k) {
      uint32_t held[4];
      std::memcpy(held, emulation::lane_memory(lane / 4 * 4 + k % 8 / 2), sizeof held);
      const uint32_t pair = held[i + 2 * (k / 8)];
      rows.x[i][k] = k % 2 ? high_half(pair) : low_half(pair);
    }
  emulation::warp_barrier();
  emulation::multiply_later(c, rows, b, Down, add);
#endif
}
// Both factors from shared memory: columns_of a tile of 64 rows, all of them, each.
__device__ inline void multiply(float (&c)[8][4], const Factor& a, const Factor& b, bool add) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile(
      "{\n.reg .pred p;\nsetp.ne.b32 p, %34, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" GLOSSA_NAMES_32 "}, %32, %33, p, 1, 1, 0, 0;\n}"
      : GLOSSA_32(c, 0)
      : "l"(a.descriptor), "l"(b.descriptor), "r"(static_cast<int>(add)));
#elif !defined(__CUDACC__)
  const unsigned row = threadIdx.x % kWarpgroup / kWarp * 16 + threadIdx.x % kWarp / 4;
  emulation::multiply_later(
      c, [=](unsigned i, unsigned k) { return emulation::element(a, false, row + 8 * i, k); }, b, false, add);
#endif
}

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#undef GLOSSA_4
#undef GLOSSA_32
#undef GLOSSA_NAMES_32
#undef GLOSSA_NAMES_64
#endif

}  // namespace glossa
