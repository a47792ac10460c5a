// The products of linear.h around the micro-kernel of tile.h: blocks of k so that a tile's rows of A stay in the
// first-level cache, groups of panels so that theirs of B stay in the second level.
#include "ops/linear/linear_kernels.h"
#include "ops/linear/tile.h"

namespace glossa::GLOSSA_ISA {
namespace {

constexpr int64_t kBlockSteps = 448;         // steps of k in a block (a step: one k of float32, two of bfloat16)
constexpr int64_t kGroupBytes = 448 * 1024;  // packed panels of a group within a block of k

// Rows of A copied side by side, ready for the kernel: bfloat16 widened where it has no instruction,
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
  // Rows a multiple of 4 KB apart fall into the same sets of the first-level cache and push each other out.
  const bool crowded = lda * static_cast<int64_t>(sizeof(T)) % 4096 == 0 && m > 4 && panel1 - panel0 >= 4;
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

constexpr int kPairs = kLanes / 2;
// kPairs rows of a whole panel of pairs, from kLanes columns of 32 rows of w.
void pack_pairs(uint32_t* to, const float* w, int64_t ld) {
  uint32_t pairs[kPanel][kPairs];
  for (int64_t j = 0; j < kPanel; ++j) {
    uint16_t halves[kLanes];
    store_bf16(halves, load(w + j * ld));
    memcpy(pairs[j], halves, sizeof halves);
  }
  for (int i = 0; i < kPairs; ++i)
    for (int64_t j = 0; j < kPanel; ++j) to[i * kPanel + j] = pairs[j][i];
}

// The panels of B for C = A * B^T, w [n][k]: a transposition, 16 steps of k at a time so that both sides stay in cache.
void pack(void* packed, Dtype t, const float* w, int64_t n, int64_t k, int64_t ld, int64_t panel0, int64_t panel1) {
  const int64_t rows = t == Dtype::f32 ? k : k + k % 2;  // of a panel, the padding of an odd k among them
  for (int64_t p = panel0; p < panel1; ++p) {
    const int64_t columns = n - p * kPanel < kPanel ? n - p * kPanel : kPanel;
    for (int64_t k0 = 0; k0 < rows; k0 += kLanes) {
      const int64_t k1 = k0 + kLanes < rows ? k0 + kLanes : rows, valid = k1 < k ? k1 : k;
      if (t == Dtype::bf16 && columns == kPanel && k0 + kLanes <= k) {
        pack_pairs(static_cast<uint32_t*>(packed) + (p * rows + k0) / 2 * kPanel, w + p * kPanel * ld + k0, ld);
        continue;
      }
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

constexpr int64_t kTurn = 8;  // steps packed at a time: their rows, and those of the next turn, stay in the first level

// A piece of a row as it will be wanted a turn later: rows lie too far apart for the hardware to foresee.
template <class T, int N>
inline void foresee(const T* row, int64_t ld, int per) {
  const char* at = reinterpret_cast<const char*>(row + kTurn * per * ld);
  for (unsigned j = 0; j < N * sizeof(T); j += 64) __builtin_prefetch(at + j);
}

// `count` (at most N) words of one step.
template <class Op, int N>
inline void outer_words(float* to, const float* from, int64_t step, int64_t ld, int64_t count) {
  from += step * ld;
  foresee<float, N>(from, ld, 1);
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
  for (int odd = 0; odd < Op::kPer; ++odd) foresee<uint16_t, N>(rows[odd], ld, Op::kPer);
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
          outer_words<Op, kPanel>(packed_b + p * panel_words + s * kPanel, b + p * kPanel, step0 + s, ldb,
                                  k - p * kPanel);
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      const int64_t tile0 = part(tiles, chunks, chunk), tile1 = part(tiles, chunks, chunk + 1);
      int64_t row_of[kOuterTiles + 1];
      for (int64_t i = tile0; i <= tile1; ++i) row_of[i - tile0] = row0 + part(rows, tiles, i);
      for (int64_t from = 0; from < count; from += kTurn)
        for (int64_t i = 0; i < tile1 - tile0; ++i)
          for (int64_t s = from; s < from + kTurn && s < count; ++s)
            outer_words<Op, kLane>(packed_a + i * tile_words + s * kLane, a + row_of[i], step0 + s, lda,
                                   row1 - row_of[i]);
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
