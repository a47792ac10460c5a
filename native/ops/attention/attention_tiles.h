// The two products that attention is made of, blocked so that each vector loaded serves several chains. Every element
// is one chain of multiply-adds, so the blocking never changes a bit. Included by attention_cpu.cc only.
#pragma once
#include "base/simd.h"
#include "ops/attention/attention_blocks.h"

namespace glossa::GLOSSA_ISA {
namespace {

// Vectors of accumulators that leave registers for the operands.
#if defined(__AVX512F__)
constexpr int kAccumulators = 16;
#elif defined(__AVX2__)
constexpr int kAccumulators = 4;
#else
constexpr int kAccumulators = 2;
#endif

constexpr int kEnoughChains = kAccumulators > 8 ? 8 : kAccumulators;  // to keep the multipliers busy
// Whether two heads of `outputs` sums may, and should, be summed at once.
inline bool pairs(int64_t outputs, int64_t width) {
  return width % kLanes == 0 && 2 * outputs * width <= kEnoughChains * kLanes;
}

inline vf load_row(const float* p) {
  return load(p);
}
inline vf load_row(const uint16_t* p) {
  return load_bf16(p);
}

// The next share of `left` things, at most `most`, so that shares come out even.
inline int64_t share(int64_t left, int64_t most) {
  int64_t parts = (left + most - 1) / most;
  return (left + parts - 1) / parts;
}

// s[q][16 t + lane] = sum over d ascending of x[q][d] * tile[t][d][lane].
template <int Q, int N, class T>
void dot_block(float* s, int64_t ld, const float* x, const T* tiles, int64_t width) {
  vf sum[Q][N];
#pragma GCC unroll 8
  for (int q = 0; q < Q; ++q)
#pragma GCC unroll 8
    for (int t = 0; t < N; ++t) sum[q][t] = splat(0);
  for (int64_t d = 0; d < width; ++d) {
    vf k[N];
#pragma GCC unroll 8
    for (int t = 0; t < N; ++t) k[t] = load_row(tiles + (t * width + d) * kLanes);
    if constexpr (Q > 1)
#pragma GCC unroll 8
      for (int t = 0; t < N; ++t) hold(k[t]);
#pragma GCC unroll 8
    for (int q = 0; q < Q; ++q) {
      vf b = splat(x[q * width + d]);
#pragma GCC unroll 8
      for (int t = 0; t < N; ++t) sum[q][t] = fma(b, k[t], sum[q][t]);
    }
  }
#pragma GCC unroll 8
  for (int q = 0; q < Q; ++q)
#pragma GCC unroll 8
    for (int t = 0; t < N; ++t) store(s + q * ld + t * kLanes, sum[q][t]);
}

template <int Q, int N, class T>
void dot_tiles(int64_t n, float* s, int64_t ld, const float* x, const T* tiles, int64_t width) {
  if constexpr (N > 1) {
    if (n < N) return dot_tiles<Q, N - 1>(n, s, ld, x, tiles, width);
  }
  dot_block<Q, N>(s, ld, x, tiles, width);
}

constexpr int most_tiles(int queries) {
  return kAccumulators / queries > 6 ? 6 : kAccumulators / queries;
}
constexpr int kDotQueries = kAccumulators >= 4 ? (kAccumulators >= 16 ? 4 : 2) : 2;

// The same for any number of queries (rows of x, `width` apart) and tiles.
template <class T>
void dot_products(float* s, int64_t ld, const float* x, int64_t queries, const T* tiles, int64_t n, int64_t width) {
  const int64_t most = most_tiles(queries < kDotQueries ? static_cast<int>(queries) : kDotQueries);
  for (int64_t t = 0, tn; t < n; t += tn) {
    tn = share(n - t, most);
    for (int64_t q = 0, qn; q < queries; q += qn) {
      qn = share(queries - q, kDotQueries);
      float* to = s + q * ld + t * kLanes;
      const float* from = x + q * width;
      const T* tile = tiles + t * width * kLanes;
      if (qn == 1) dot_tiles<1, most_tiles(1)>(tn, to, ld, from, tile, width);
      if (qn == 2) dot_tiles<2, most_tiles(2)>(tn, to, ld, from, tile, width);
      if constexpr (kDotQueries > 2) {
        if (qn == 3) dot_tiles<3, most_tiles(3)>(tn, to, ld, from, tile, width);
        if (qn == 4) dot_tiles<4, most_tiles(4)>(tn, to, ld, from, tile, width);
      }
    }
  }
}

template <int N>
struct Vectors {
  static constexpr int count = N;
};

// A sum over j = 0 .. n of weight(i, j) * x[j], the weight lying at w[i * output + j * vector], x rows `ldx` apart.
template <class T>
struct Terms {
  const float* w;
  const T* x;
  int64_t n;
  int64_t head;  // between the x of two heads summed at once
};
static_assert(sizeof(Terms<float>) == kTermBytes);
struct Strides {
  int64_t output, vector, ldx, ldo;  // ldo: between outputs
  int64_t head_w, head_out;          // between two heads summed at once
  bool fresh;                        // start from zero, not from what lies in out
};

// Stretches of terms that follow each other, and where in them a block of outputs and columns begins.
template <class T>
struct Series {
  const Terms<T>* terms;
  int64_t count;
  int64_t w = 0, x = 0;  // added to every stretch's
};

// out[i][c] = sum of the terms of one stretch after the other, j ascending in each, starting from `out` unless fresh;
// for H heads and V vectors of columns (of which the only one has `lanes` lanes if Partial).
template <int H, int I, int V, bool Partial, class T>
void sum_block(float* out, const Series<T>& series, const Strides& strides, int lanes) {
  const int64_t output = strides.output, vector = strides.vector, ldx = strides.ldx;
  const int64_t head_w = strides.head_w;
  vf sum[H][I][V];
#pragma GCC unroll 8
  for (int h = 0; h < H; ++h)
#pragma GCC unroll 8
    for (int i = 0; i < I; ++i)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        const float* p = out + h * strides.head_out + i * strides.ldo + v * kLanes;
        sum[h][i][v] = strides.fresh ? splat(0) : Partial ? load_n(p, lanes) : load(p);
      }
#pragma GCC unroll 1
  for (int64_t part = 0; part < series.count; ++part) {
    const Terms<T>& terms = series.terms[part];
    const float* w = terms.w + series.w;
    const T* x = terms.x + series.x;
    const int64_t head_x = terms.head;
    for (int64_t j = terms.n; j > 0; --j, x += ldx, w += vector) {
#pragma GCC unroll 8
      for (int h = 0; h < H; ++h) {
        vf row[V];
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) {
          row[v] = Partial ? load_some(x + h * head_x, lanes) : load_row(x + h * head_x + v * kLanes);
          if (I > 1) hold(row[v]);
        }
#pragma GCC unroll 8
        for (int i = 0; i < I; ++i) {
          vf b = splat(w[h * head_w + i * output]);
#pragma GCC unroll 8
          for (int v = 0; v < V; ++v) sum[h][i][v] = fma(b, row[v], sum[h][i][v]);
        }
      }
    }
  }
#pragma GCC unroll 8
  for (int h = 0; h < H; ++h)
#pragma GCC unroll 8
    for (int i = 0; i < I; ++i)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        float* p = out + h * strides.head_out + i * strides.ldo + v * kLanes;
        if (Partial) {
          store_n(p, sum[h][i][v], lanes);
        } else {
          store(p, sum[h][i][v]);
        }
      }
}

template <int H, int I, int V, bool Partial, class T>
void sum_outputs(int64_t outputs, float* out, const Series<T>& series, const Strides& strides, int lanes) {
  if constexpr (I > 1) {
    if (outputs < I) return sum_outputs<H, I - 1, V, Partial>(outputs, out, series, strides, lanes);
  }
  sum_block<H, I, V, Partial>(out, series, strides, lanes);
}

template <int H, int V, bool Partial, class T>
void sum_columns(int64_t outputs, float* out, Series<T> series, const Strides& strides, int lanes) {
  constexpr int room = (H == 2 ? kEnoughChains : kAccumulators) / (H * V);
  constexpr int cap = Partial ? 4 : 8, most = room > cap ? cap : room < 1 ? 1 : room;
  for (int64_t i = 0, in; i < outputs; i += in) {
    in = share(outputs - i, most);
    sum_outputs<H, most, V, Partial>(in, out, series, strides, lanes);
    out += in * strides.ldo;
    series.w += in * strides.output;
  }
}

// The same for any number of outputs and `width` columns.
template <int H, class T>
void weighted_sums(int64_t outputs, float* out, Series<T> series, const Strides& strides, int64_t width) {
  int64_t& c = series.x;
  auto columns = [&](auto vectors) {
    constexpr int V = decltype(vectors)::count;
    for (; c + V * kLanes <= width; c += V * kLanes)
      sum_columns<H, V, false>(outputs, out + c, series, strides, kLanes);
  };
  if constexpr (H == 1 && kAccumulators >= 8) {
    if (outputs * 8 <= kAccumulators) columns(Vectors<8>{});
  }
  if constexpr (H * 4 <= kEnoughChains) {
    if (outputs * 4 * H <= kAccumulators || kAccumulators >= 16) columns(Vectors<4>{});
  }
  if constexpr (H * 2 <= kEnoughChains) columns(Vectors<2>{});
  columns(Vectors<1>{});
  if constexpr (H == 1) {
    if (c < width) sum_columns<1, 1, true>(outputs, out + c, series, strides, static_cast<int>(width - c));
  }
}

}  // namespace
}  // namespace glossa::GLOSSA_ISA
