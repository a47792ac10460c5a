// The two products that attention is made of, blocked so that each vector loaded serves several chains. Every element
// is one chain of multiply-adds, so the blocking never changes a bit. Included by attention_cpu.cc only.
#pragma once
#include "base/simd.h"

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
  return kAccumulators / queries > 8 ? 8 : kAccumulators / queries;
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

// Weights of a sum of vectors: weight of vector j in output i is w[i * output + j * vector].
struct Weights {
  const float* w;
  int64_t output, vector;
};

// out[i][c] += sum over j ascending of weight(i, j) * x[j][c], continuing the chain in `out`, for V vectors of columns
// (of which the only one has `lanes` lanes if Partial).
template <int I, int V, bool Partial, class T>
void sum_block(float* out, int64_t ldo, Weights weights, const T* x, int64_t ldx, int64_t n, int lanes) {
  vf sum[I][V];
#pragma GCC unroll 8
  for (int i = 0; i < I; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      const float* p = out + i * ldo + v * kLanes;
      sum[i][v] = Partial ? load_n(p, lanes) : load(p);
    }
  const float* w = weights.w;
  for (int64_t j = 0; j < n; ++j, x += ldx, w += weights.vector) {
    vf row[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) row[v] = Partial ? load_some(x, lanes) : load_row(x + v * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < I; ++i) {
      vf b = splat(w[i * weights.output]);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[i][v] = fma(b, row[v], sum[i][v]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < I; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      float* p = out + i * ldo + v * kLanes;
      if (Partial) {
        store_n(p, sum[i][v], lanes);
      } else {
        store(p, sum[i][v]);
      }
    }
}

template <int I, int V, bool Partial, class T>
void sum_outputs(int64_t outputs, float* out, int64_t ldo, Weights weights, const T* x, int64_t ldx, int64_t n,
                 int lanes) {
  if constexpr (I > 1) {
    if (outputs < I) return sum_outputs<I - 1, V, Partial>(outputs, out, ldo, weights, x, ldx, n, lanes);
  }
  sum_block<I, V, Partial>(out, ldo, weights, x, ldx, n, lanes);
}

template <int V, bool Partial, class T>
void sum_columns(float* out, int64_t ldo, int64_t outputs, Weights weights, const T* x, int64_t ldx, int64_t n,
                 int lanes) {
  constexpr int most = kAccumulators / V > 8 ? 8 : kAccumulators / V;
  for (int64_t i = 0, in; i < outputs; i += in) {
    in = share(outputs - i, most);
    Weights part = {weights.w + i * weights.output, weights.output, weights.vector};
    sum_outputs<most, V, Partial>(in, out + i * ldo, ldo, part, x, ldx, n, lanes);
  }
}

// The same for any number of outputs (rows of out) and `width` columns.
template <class T>
void weighted_sums(float* out, int64_t ldo, int64_t outputs, Weights weights, const T* x, int64_t ldx, int64_t n,
                   int64_t width) {
  if (n <= 0) return;
  int64_t c = 0;
  if constexpr (kAccumulators >= 16) {
    if (outputs <= 2)
      for (; c + 8 * kLanes <= width; c += 8 * kLanes)
        sum_columns<8, false>(out + c, ldo, outputs, weights, x + c, ldx, n, kLanes);
  }
  if constexpr (kAccumulators >= 4) {
    if (kAccumulators >= 16 || outputs == 1)
      for (; c + 4 * kLanes <= width; c += 4 * kLanes)
        sum_columns<4, false>(out + c, ldo, outputs, weights, x + c, ldx, n, kLanes);
  }
  for (; c + 2 * kLanes <= width; c += 2 * kLanes)
    sum_columns<2, false>(out + c, ldo, outputs, weights, x + c, ldx, n, kLanes);
  for (; c + kLanes <= width; c += kLanes) sum_columns<1, false>(out + c, ldo, outputs, weights, x + c, ldx, n, kLanes);
  if (c < width) sum_columns<1, true>(out + c, ldo, outputs, weights, x + c, ldx, n, static_cast<int>(width - c));
}

}  // namespace
}  // namespace glossa::GLOSSA_ISA
