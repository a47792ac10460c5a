// One micro-kernel: a tile of H rows by W vectors of C stays in registers while k runs. Around it: blocks of k so that a
// tile's rows of A stay in the first-level cache, groups of panels so that theirs of B stay in the second level.
// Partial sums between blocks are stored to C and loaded again exactly, so no blocking shows in the result.
#include "ops/linear/linear.h"

#include <stdint.h>
#include <string.h>

#include "base/simd.h"
#include "ops/linear/blocking.h"

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

constexpr int64_t kBlockSteps = 448;         // steps of k in a block (a step: one k of float32, two of bfloat16)
constexpr int64_t kGroupBytes = 448 * 1024;  // packed panels of a group within a block of k
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
      for (int j = 0; j < W; ++j)
        acc[i][j] = (V)_mm512_dpbf16_ps((__m512)acc[i][j], (__m512bh)av, (__m512bh)bv[j]);
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
    const TileFn fn = w == 8   ? tile_of<Op, 8, Lanes>(h)
                      : w == 4 ? tile_of<Op, 4, Lanes>(h)
                               : tile_of<Op, 2, Lanes>(h);
    const int64_t wide = w * kWidth;
    Tile t{nullptr, s.ldc, s.a, s.a_row, nullptr, s.panel_bytes, s.steps, s.resume, nullptr};
    for (; col + wide <= s.columns; col += wide) {
      t.c = s.c + col;
      t.b = s.b + col / kPanel * s.panel_bytes + col % kPanel * 4;
      t.bias = s.bias ? s.bias + col : nullptr;
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
inline int64_t part(int64_t total, int64_t parts, int64_t i) { return total / parts * i + (i < total % parts ? i : total % parts); }
inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Rows of A copied beside each other and made ready for the kernel: bfloat16 widened where there is no instruction for it,
// the missing half of the last pair of an odd k set to zero.
inline void stage_rows(float* to, int64_t row, const float* a, int64_t lda, int64_t rows, int64_t count) {
  for (int64_t i = 0; i < rows; ++i) memcpy(to + i * row, a + i * lda, static_cast<unsigned long>(count) * 4);
}
inline void stage_rows(float* to, int64_t row, const uint16_t* a, int64_t lda, int64_t rows, int64_t count) {
  for (int64_t i = 0; i < rows; ++i) {
#if defined(__AVX512BF16__)
    uint16_t* out = reinterpret_cast<uint16_t*>(to + i * row);  // read as words again by read(), a memcpy
    memcpy(out, a + i * lda, static_cast<unsigned long>(count) * 2);
#else
    float* out = to + i * row;
    for (int64_t j = 0; j < count; ++j) {
      const uint32_t u = static_cast<uint32_t>(a[i * lda + j]) << 16;
      memcpy(out + j, &u, 4);
    }
#endif
    if (count % 2) out[count] = 0;
  }
}

template <class Op, class T>
void multiply_as(float* c, int64_t ldc, const T* a, int64_t lda, int64_t m, const char* packed, int64_t n, int64_t k,
                 int64_t panel0, int64_t panel1, const float* bias, bool accumulate) {
  constexpr int kPer = Op::kPer;
  const int64_t steps = ceil_div(k, kPer), panel_bytes = steps * kPanel * 4;
  const int64_t end = panel1 * kPanel < n ? panel1 * kPanel : n;
  const int64_t blocks = steps > kBlockSteps ? ceil_div(steps, kBlockSteps) : 1;
  const int64_t tiles = ceil_div(m, kTallest);
  const int64_t group = 1 + kGroupBytes / (ceil_div(steps, blocks) * kPanel * 4);
  const int64_t groups = ceil_div(panel1 - panel0, group);
  // Rows a large power of two apart fall into the same few sets of the first-level cache and push each other out.
  const bool crowded = lda * static_cast<int64_t>(sizeof(T)) % 2048 == 0 && m > 4 && panel1 - panel0 >= 4;
  const bool staged = Op::kWordsOfA == 2 || k % kPer != 0 || crowded;
  constexpr int64_t kStageRow = kBlockSteps * Op::kWordsOfA + 16;
  alignas(64) float stage[kTallest * kStageRow];
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t col = (panel0 + part(panel1 - panel0, groups, g)) * kPanel;
    const int64_t group_end = (panel0 + part(panel1 - panel0, groups, g + 1)) * kPanel;
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t step0 = part(steps, blocks, block), step1 = part(steps, blocks, block + 1);
      for (int64_t i = 0; i < tiles; ++i) {
        const int64_t row = part(m, tiles, i);
        const int h = static_cast<int>(part(m, tiles, i + 1) - row);
        Strip s;
        s.c = c + row * ldc + col;
        s.ldc = ldc;
        s.columns = (group_end < end ? group_end : end) - col;
        const T* rows = a + row * lda + step0 * kPer;
        if (staged) {
          const int64_t count = (step1 * kPer < k ? step1 * kPer : k) - step0 * kPer;
          stage_rows(stage, kStageRow, rows, lda, h, count);
        }
        s.a = staged ? reinterpret_cast<const char*>(stage) : reinterpret_cast<const char*>(rows);
        s.a_row = staged ? kStageRow * 4 : lda * static_cast<int64_t>(sizeof(T));
        s.b = packed + col / kPanel * panel_bytes + step0 * kPanel * 4;
        s.panel_bytes = panel_bytes;
        s.steps = step1 - step0;
        s.resume = accumulate || block > 0;
        s.bias = bias && block == blocks - 1 ? bias + col : nullptr;
        run_strip<Op, false>(s, h);
      }
    }
  }
}

void multiply(float* c, int64_t ldc, const void* a, int64_t lda, int64_t m, const void* packed, Dtype t, int64_t n,
              int64_t k, int64_t panel0, int64_t panel1, const float* bias, bool accumulate) {
  if (m <= 0 || panel1 <= panel0) return;
  const char* panels = static_cast<const char*>(packed);
  if (t == Dtype::f32) {
    multiply_as<Float>(c, ldc, static_cast<const float*>(a), lda, m, panels, n, k, panel0, panel1, bias, accumulate);
  } else {
    multiply_as<Pair>(c, ldc, static_cast<const uint16_t*>(a), lda, m, panels, n, k, panel0, panel1, bias, accumulate);
  }
}

// Two rows of bfloat16 to one row of pairs.
template <int N>
inline void interleave(uint32_t* out, const uint16_t* even, const uint16_t* odd) {
  for (int j = 0; j < N; ++j) out[j] = even[j] | static_cast<uint32_t>(odd[j]) << 16;
}

// The panels of B for C = A * B^T, w [n][k]: a transposition, 16 steps of k at a time so that both sides stay in cache.
void pack(void* packed, Dtype t, const float* w, int64_t n, int64_t k, int64_t ld, int64_t panel0, int64_t panel1) {
  const int64_t rows = t == Dtype::f32 ? k : k + k % 2;  // of a panel, the padding of an odd k among them
  for (int64_t p = panel0; p < panel1; ++p) {
    const int64_t columns = n - p * kPanel < kPanel ? n - p * kPanel : kPanel;
    for (int64_t k0 = 0; k0 < rows; k0 += 16) {
      const int64_t k1 = k0 + 16 < rows ? k0 + 16 : rows, valid = k1 < k ? k1 : k;
      for (int64_t j = 0; j < kPanel; ++j) {
        const float* from = w + (p * kPanel + j) * ld;
        if (t == Dtype::f32) {
          float* to = static_cast<float*>(packed) + p * k * kPanel + j;
          for (int64_t i = k0; i < k1; ++i) to[i * kPanel] = j < columns ? from[i] : 0.0f;
        } else {
          uint16_t* to = static_cast<uint16_t*>(packed) + p * rows * kPanel + j * 2;
          for (int64_t i = k0; i < k1; ++i)
            to[i / 2 * kPanel * 2 + i % 2] = j < columns && i < valid ? to_bf16(from[i]) : uint16_t{0};
        }
      }
    }
  }
}

void pack_transposed(void* packed, Dtype t, const float* w, int64_t n, int64_t k, int64_t ld, int64_t panel0,
                     int64_t panel1) {
  for (int64_t p = panel0; p < panel1; ++p) {
    const int64_t columns = n - p * kPanel < kPanel ? n - p * kPanel : kPanel;
    const float* from = w + p * kPanel;
    if (t == Dtype::f32) {
      float* to = static_cast<float*>(packed) + p * k * kPanel;
      for (int64_t i = 0; i < k; ++i) {
        memcpy(to + i * kPanel, from + i * ld, static_cast<unsigned long>(columns) * 4);
        for (int64_t j = columns; j < kPanel; ++j) to[i * kPanel + j] = 0.0f;
      }
    } else {
      const int64_t steps = ceil_div(k, 2);
      uint32_t* to = static_cast<uint32_t*>(packed) + p * steps * kPanel;
      for (int64_t i = 0; i < steps; ++i) {
        float row[2][kPanel] = {};
        uint16_t half[2][kPanel];
        for (int64_t odd = 0; odd < 2 && 2 * i + odd < k; ++odd)
          memcpy(row[odd], from + (2 * i + odd) * ld, static_cast<unsigned long>(columns) * 4);
        for (int odd = 0; odd < 2; ++odd)
          for (int j = 0; j < kPanel; j += kLanes) store_bf16(half[odd] + j, load(row[odd] + j));
        interleave<kPanel>(to + i * kPanel, half[0], half[1]);
      }
    }
  }
}

// The outer product is the same multiplication with tokens as k: both operands lie across it, so blocks of tokens are
// packed first, A as [tile][step][kLane] and B in panels. Without bfloat16 instructions both become float32 here.
#if defined(__AVX512BF16__)
typedef Pair OuterPair;
#else
struct OuterPair : Float {};
#endif

// `count` (at most N) words of one step.
template <class Op, int N>
inline void outer_words(float* to, const float* from, int64_t step, int64_t ld, int64_t count) {
  from += step * ld;
  if (count >= N) {
    memcpy(to, from, N * 4);
  } else {
    memset(to, 0, N * 4);
    memcpy(to, from, static_cast<unsigned long>(count) * 4);
  }
}
template <class Op, int N>
inline void outer_words(float* to, const uint16_t* from, int64_t step, int64_t ld, int64_t count) {
  uint16_t edge[2][N] = {};
  const uint16_t* rows[2] = {from + step * Op::kPer * ld, from + (step * Op::kPer + Op::kPer - 1) * ld};
  if (count < N) {
    for (int odd = 0; odd < Op::kPer; ++odd) {
      memcpy(edge[odd], rows[odd], static_cast<unsigned long>(count) * 2);
      rows[odd] = edge[odd];
    }
  }
  uint32_t words[N];
  if constexpr (Op::kPer == 2) {
    interleave<N>(words, rows[0], rows[1]);
  } else {
    for (int j = 0; j < N; ++j) words[j] = static_cast<uint32_t>(rows[0][j]) << 16;
  }
  memcpy(to, words, sizeof words);
}

constexpr int64_t kTurn = 16;  // steps packed at a time: their rows stay in the first-level cache

template <class Op, class T>
void accumulate_outer_as(float* c, int64_t ldc, const T* a, int64_t lda, const T* b, int64_t ldb, int64_t tokens,
                         int64_t k, int64_t row0, int64_t row1, float* scratch) {
  const int64_t steps = tokens / Op::kPer, blocks = ceil_div(steps, kOuterSteps);
  const int64_t rows = row1 - row0, tiles = ceil_div(rows, kTallest), chunks = ceil_div(tiles, kOuterTiles);
  const int64_t panels = ceil_div(k, kPanel);
  const int64_t groups = ceil_div(panels * kOuterSteps * kPanel * 4, kGroupBytes);
  float* packed_b = scratch;
  float* packed_a = scratch + panels * kOuterSteps * kPanel;
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t step0 = part(steps, blocks, block), count = part(steps, blocks, block + 1) - step0;
    const int64_t panel_words = count * kPanel, tile_words = count * kLane;
    for (int64_t from = 0; from < count; from += kTurn)
      for (int64_t p = 0; p < panels; ++p)
        for (int64_t s = from; s < from + kTurn && s < count; ++s)
          outer_words<Op, kPanel>(packed_b + p * panel_words + s * kPanel, b + p * kPanel, step0 + s, ldb, k - p * kPanel);
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const int64_t tile0 = part(tiles, chunks, chunk), tile1 = part(tiles, chunks, chunk + 1);
      int64_t row_of[kOuterTiles + 1];
      for (int64_t i = tile0; i <= tile1; ++i) row_of[i - tile0] = row0 + part(rows, tiles, i);
      for (int64_t from = 0; from < count; from += kTurn)
        for (int64_t i = 0; i < tile1 - tile0; ++i)
          for (int64_t s = from; s < from + kTurn && s < count; ++s)
            outer_words<Op, kLane>(packed_a + i * tile_words + s * kLane, a + row_of[i], step0 + s, lda, row1 - row_of[i]);
      for (int64_t g = 0; g < groups; ++g) {
        const int64_t panel = part(panels, groups, g), group_end = part(panels, groups, g + 1) * kPanel;
        for (int64_t i = 0; i < tile1 - tile0; ++i) {
          Strip s;
          s.c = c + row_of[i] * ldc + panel * kPanel;
          s.ldc = ldc;
          s.columns = (group_end < k ? group_end : k) - panel * kPanel;
          s.a = reinterpret_cast<const char*>(packed_a + i * tile_words);
          s.a_row = 4;
          s.b = reinterpret_cast<const char*>(packed_b + panel * panel_words);
          s.panel_bytes = panel_words * 4;
          s.steps = count;
          s.resume = true;
          s.bias = nullptr;
          run_strip<Op, true>(s, static_cast<int>(row_of[i + 1] - row_of[i]));
        }
      }
    }
  }
}

void accumulate_outer(float* c, int64_t ldc, const void* a, int64_t lda, const void* b, int64_t ldb, int64_t tokens,
                      int64_t k, int64_t row0, int64_t row1, Dtype t, void* scratch) {
  if (tokens <= 0 || row1 <= row0) return;
  float* words = static_cast<float*>(scratch);
  if (t == Dtype::f32) {
    accumulate_outer_as<Float>(c, ldc, static_cast<const float*>(a), lda, static_cast<const float*>(b), ldb, tokens, k,
                               row0, row1, words);
  } else {
    accumulate_outer_as<OuterPair>(c, ldc, static_cast<const uint16_t*>(a), lda, static_cast<const uint16_t*>(b), ldb,
                                   tokens, k, row0, row1, words);
  }
}

}  // namespace

extern const LinearKernels linear_kernels;
const LinearKernels linear_kernels = {pack, pack_transposed, multiply, accumulate_outer};

}  // namespace glossa::GLOSSA_ISA
