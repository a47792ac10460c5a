// One micro-kernel: a tile of H rows by W vectors of C stays in registers while k runs; then strips of tiles. Partial
// sums between blocks of k are stored to C and loaded again exactly, so no blocking shows in the result. Included by
// linear_cpu.cc alone, once per instruction set.
#pragma once
#include <stdint.h>
#include <string.h>

#include "base/simd.h"
#include "ops/linear/blocking.h"
#include "ops/linear/linear_kernels.h"

namespace glossa::GLOSSA_ISA {
namespace {

// A vector of the register's width, and how many rows of accumulators of W = 2, 4, 8 vectors the register file holds.
#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
constexpr int kMaxRows[] = {13, 6, 3};
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
constexpr int kMaxRows[] = {6, 3, 1};
#elif defined(__aarch64__)
constexpr int kVectorBytes = 16;
constexpr int kMaxRows[] = {13, 6, 3};
#else
constexpr int kVectorBytes = 16;
constexpr int kMaxRows[] = {6, 3, 1};
#endif
typedef float V __attribute__((vector_size(kVectorBytes)));
typedef uint32_t VU __attribute__((vector_size(kVectorBytes)));
constexpr int kWidth = kVectorBytes / 4;
constexpr int kTallest = kMaxRows[0];

constexpr int kLane = (kTallest + 7) / 8 * 8;  // the outer product's A: [tile][step][kLane]

template <class T>
inline T read(const void* p) {
  T x;
  memcpy(&x, p, sizeof x);
  return x;
}

inline V splat_v(float x) {
#if defined(__AVX512F__)
  return (V)_mm512_set1_ps(x);
#elif defined(__AVX2__)
  return (V)_mm256_set1_ps(x);
#else
  return V{x, x, x, x};
#endif
}
inline V fma_v(V a, V b, V c) {
#if defined(__AVX512F__)
  return (V)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
  return (V)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__)
  return (V)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return a * b + c;
#endif
}

// What one step of k is. A word of a panel is 4 bytes: one float32 or a pair of bfloat16; a panel's step is 128 bytes.
struct Float {
  static constexpr int kPer = 1;       // k in a step
  static constexpr int kWordsOfA = 1;  // 4-byte words of A a step
  template <int H, int W, class LoadA, class LoadB>
  static inline void step(V (&acc)[H][W], LoadA a, LoadB b) {
    V bv[W];
#pragma GCC unroll 8
    for (int j = 0; j < W; ++j) bv[j] = read<V>(b(j));
#pragma GCC unroll 16
    for (int i = 0; i < H; ++i) {
      const V av = splat_v(read<float>(a(i)));
#pragma GCC unroll 8
      for (int j = 0; j < W; ++j) acc[i][j] = fma_v(av, bv[j], acc[i][j]);
    }
  }
};
#if defined(__AVX512BF16__)
struct Pair {
  static constexpr int kPer = 2;
  static constexpr int kWordsOfA = 1;
  template <int H, int W, class LoadA, class LoadB>
  static inline void step(V (&acc)[H][W], LoadA a, LoadB b) {
    __m512i bv[W];
#pragma GCC unroll 8
    for (int j = 0; j < W; ++j) bv[j] = read<__m512i>(b(j));
#pragma GCC unroll 16
    for (int i = 0; i < H; ++i) {
      const __m512i av = _mm512_set1_epi32(read<int32_t>(a(i)));
#pragma GCC unroll 8
      for (int j = 0; j < W; ++j) acc[i][j] = (V)_mm512_dpbf16_ps((__m512)acc[i][j], (__m512bh)av, (__m512bh)bv[j]);
    }
  }
};
#else
// Without such an instruction: A is widened beforehand (two floats a step), B here, even k first.
struct Pair {
  static constexpr int kPer = 2;
  static constexpr int kWordsOfA = 2;
  template <int H, int W, class LoadA, class LoadB>
  static inline void step(V (&acc)[H][W], LoadA a, LoadB b) {
#pragma GCC unroll 2
    for (int odd = 0; odd < 2; ++odd) {
      V bv[W];
#pragma GCC unroll 8
      for (int j = 0; j < W; ++j) {
        const VU u = read<VU>(b(j));
        bv[j] = (V)(odd ? u & 0xffff0000u : u << 16);
      }
#pragma GCC unroll 16
      for (int i = 0; i < H; ++i) {
        const V av = splat_v(read<float>(a(i) + 4 * odd));
#pragma GCC unroll 8
        for (int j = 0; j < W; ++j) acc[i][j] = fma_v(av, bv[j], acc[i][j]);
      }
    }
  }
};
#endif

struct Tile {
  float* c;
  int64_t ldc;
  const char* a;
  int64_t a_row;  // bytes from row to row; 4 where the outer product packs A
  const char* b;
  int64_t panel_bytes;
  int64_t steps;
  bool resume;        // start from C instead of from zero
  const float* bias;  // added at the end, or null
};

// Lanes: A lies [step][kLane] as the outer product packs it, otherwise in rows.
template <class Op, int H, int W, bool Lanes>
void run_tile(const Tile& t) {
  V acc[H][W];
  float* const c = t.c;
  const int64_t ldc = t.ldc;
  constexpr int kPerPanel = static_cast<int>(kPanel) / kWidth;
#pragma GCC unroll 16
  for (int i = 0; i < H; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < W; ++j) acc[i][j] = t.resume ? read<V>(c + i * ldc + j * kWidth) : V{};
  }
  const char* a = t.a;
  const char* b = t.b;
  const int64_t a_row = Lanes ? 4 : t.a_row, a_step = Lanes ? 4 * kLane : 4 * Op::kWordsOfA;
  const int64_t panel_bytes = t.panel_bytes;
  for (int64_t s = t.steps; s > 0; --s) {
    // The next panel on its way to the second-level cache: too far off for the hardware to foresee. Tiles of few rows
    // are wider and wait for memory in any case.
    if constexpr (W == 2 && !Lanes) {
#pragma GCC unroll 2
      for (int j = 0; j < W * kVectorBytes; j += 64) __builtin_prefetch(b + panel_bytes + j, 0, 2);
    }
    Op::template step<H, W>(
        acc, [&](int i) { return a + i * a_row; },
        [&](int j) { return b + (j / kPerPanel) * panel_bytes + (j % kPerPanel) * kVectorBytes; });
    a += a_step;
    b += 4 * kPanel;
  }
  if (t.bias) {
#pragma GCC unroll 8
    for (int j = 0; j < W; ++j) {
      const V bias = read<V>(t.bias + j * kWidth);
#pragma GCC unroll 16
      for (int i = 0; i < H; ++i) acc[i][j] = acc[i][j] + bias;
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < H; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < W; ++j) memcpy(c + i * ldc + j * kWidth, &acc[i][j], kVectorBytes);
  }
}

typedef void (*TileFn)(const Tile&);

// The kernel for h rows of 2, 4 or 8 vectors; null where the register file is too small.
template <class Op, int W, bool Lanes, int H = kTallest>
inline TileFn tile_of(int h) {
  if constexpr (H == 0) {
    return nullptr;
  } else {
    if constexpr (H <= kMaxRows[W / 4]) {
      if (h == H) return run_tile<Op, H, W, Lanes>;
    }
    return tile_of<Op, W, Lanes, H - 1>(h);
  }
}

// One tile of h rows over the columns [col0, col1) of a panel range, col0 and the panels beginning at b.
struct Strip {
  float* c;  // at col0
  int64_t ldc;
  int64_t columns;  // valid ones; the last panel may be partly padding
  const char* a;
  int64_t a_row;
  const char* b;
  int64_t panel_bytes;
  int64_t steps;
  bool resume;
  const float* bias;  // at col0, or null
};

template <class Op, bool Lanes>
void run_strip(const Strip& s, int h) {
  int64_t col = 0;
  for (int w = h <= kMaxRows[2] ? 8 : h <= kMaxRows[1] ? 4 : 2; w >= 2; w /= 2) {
    const TileFn fn = w == 8 ? tile_of<Op, 8, Lanes>(h) : w == 4 ? tile_of<Op, 4, Lanes>(h) : tile_of<Op, 2, Lanes>(h);
    const int64_t wide = w * kWidth;
    Tile t{nullptr, s.ldc, s.a, s.a_row, nullptr, s.panel_bytes, s.steps, s.resume, nullptr};
    for (; col + wide <= s.columns; col += wide) {
      t.c = s.c + col;
      t.b = s.b + col / kPanel * s.panel_bytes + col % kPanel * 4;
      t.bias = s.bias ? s.bias + col : nullptr;
      if (w == 2 && col + wide < s.columns) {  // the next tile's C, likewise ahead of its use
        for (int i = 0; i < h; ++i)
          for (int64_t j = 0; j < wide; j += 16) __builtin_prefetch(t.c + i * s.ldc + wide + j, 1);
      }
      fn(t);
    }
    if (w > 2 || col >= s.columns) continue;
    // The rest does not fill a tile: it is computed beside C, where padding columns may be written.
    float edge[kTallest * 2 * kWidth];
    const int64_t rest = s.columns - col;
    const unsigned long bytes = static_cast<unsigned long>(rest) * 4;
    memset(edge, 0, sizeof edge);
    if (s.resume)
      for (int i = 0; i < h; ++i) memcpy(edge + i * wide, s.c + i * s.ldc + col, bytes);
    t.c = edge;
    t.ldc = wide;
    t.b = s.b + col / kPanel * s.panel_bytes + col % kPanel * 4;
    t.bias = nullptr;
    fn(t);
    for (int i = 0; i < h; ++i) {
      float* to = s.c + i * s.ldc + col;
      memcpy(to, edge + i * wide, bytes);
      if (s.bias)
        for (int64_t j = 0; j < rest; ++j) to[j] += s.bias[col + j];
    }
  }
}

// `total` in `parts` nearly equal parts: where part i begins.
inline int64_t part(int64_t total, int64_t parts, int64_t i) {
  return total / parts * i + (i < total % parts ? i : total % parts);
}
inline int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

}  // namespace
}  // namespace glossa::GLOSSA_ISA
