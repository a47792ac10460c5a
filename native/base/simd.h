// Sixteen float lanes on every instruction set: one AVX-512 register, two of AVX, four of SSE2 or NEON.
// The lane count and the order of every reduction are fixed, so a sum has one meaning in the whole program.
// Contraction is off (-ffp-contract=off): a fused multiply-add appears only where fma() is written.
// Included by ISA-specific units only; needs no standard library.
//
// Below AVX-512 a vector is a pair of smaller ones (gcc keeps a 64-byte vector that has no register on the stack), so
// write select(mask, a, b) for the conditional operator, as_float / as_int / as_uint for a change of view and
// to_int / to_float for a conversion; + - * / & | ~ << >> and comparisons work as usual.
#pragma once
#include "base/simd_parts.h"

namespace glossa::GLOSSA_ISA {

inline vf as_float(vi v) {
  return (vf)v;
}
inline vf as_float(vu v) {
  return (vf)v;
}
inline vi as_int(vf v) {
  return (vi)v;
}
inline vu as_uint(vf v) {
  return (vu)v;
}
inline vf splat(float x) {
  vf v;
  splat_to(v, x);
  return v;
}
inline vi splat_int(int32_t x) {
  vi v;
  splat_to(v, x);
  return v;
}
// 0, 1, .. 15
inline vi lane_index() {
  const int32_t index[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  vi v;
  load_to(v, index);
  return v;
}
inline vf load(const float* p) {
  vf v;
  load_to(v, p);
  return v;
}
inline void store(float* p, vf v) {
  store_from(p, v);
}
// First n (0..16) lanes; the others are zero, and their memory is not touched.
inline vf load_n(const float* p, int n) {
#if defined(__AVX512F__)
  return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1u), p);
#elif defined(__AVX2__)
  vi mask = splat_int(n) > lane_index();
  return {(pf)_mm256_maskload_ps(p, (__m256i)mask.lo), (pf)_mm256_maskload_ps(p + 8, (__m256i)mask.hi)};
#else
  float x[16] = {};
  for (int i = 0; i < n; ++i) x[i] = p[i];
  return load(x);
#endif
}
inline void store_n(float* p, vf v, int n) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1u), (__m512)v);
#elif defined(__AVX2__)
  vi mask = splat_int(n) > lane_index();
  _mm256_maskstore_ps(p, (__m256i)mask.lo, (__m256)v.lo);
  _mm256_maskstore_ps(p + 8, (__m256i)mask.hi, (__m256)v.hi);
#else
  float x[16];
  store(x, v);
  for (int i = 0; i < n; ++i) p[i] = x[i];
#endif
}

// fma() for one number.
inline float fma1(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

// Fixed tree: lanes i and i+8, then i+4, i+2, i+1.
#if defined(__AVX512F__)
inline __m256 low8(vf v) {
  return _mm512_castps512_ps256((__m512)v);
}
inline __m256 high8(vf v) {
  return _mm512_extractf32x8_ps((__m512)v, 1);
}
#endif
inline float reduce_sum(vf v) {
#if defined(__AVX2__)
#if defined(__AVX512F__)
  __m256 e = _mm256_add_ps(low8(v), high8(v));
#else
  __m256 e = _mm256_add_ps((__m256)v.lo, (__m256)v.hi);
#endif
  __m128 q = _mm_add_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
  q = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(q, _mm_shuffle_ps(q, q, 1)));
#else
  auto e = v.lo + v.hi;
  pf q = e.lo + e.hi;
  return (q[0] + q[2]) + (q[1] + q[3]);
#endif
}
// NaN lanes may be lost.
inline float reduce_max(vf v) {
#if defined(__AVX2__)
#if defined(__AVX512F__)
  __m256 e = _mm256_max_ps(low8(v), high8(v));
#else
  __m256 e = _mm256_max_ps((__m256)v.lo, (__m256)v.hi);
#endif
  __m128 q = _mm_max_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
  q = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(q, _mm_shuffle_ps(q, q, 1)));
#else
  auto e = max(v.lo, v.hi);
  pf q = max(e.lo, e.hi);
  float a = q[0] > q[2] ? q[0] : q[2], b = q[1] > q[3] ? q[1] : q[3];
  return a > b ? a : b;
#endif
}

inline vf load_bf16(const uint16_t* p) {
  vu u;
  widen(u, p);
  return as_float(u);
}
inline void store_bf16(uint16_t* p, vf v) {  // round to nearest even, NaN kept
  vu u = as_uint(v);
  vu r = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
  narrow(p, select(v != v, (u >> 16) | 0x40u, r));
}
inline vf load_bf16_n(const uint16_t* p, int n) {
  uint16_t x[16] = {};
  for (int i = 0; i < n; ++i) x[i] = p[i];
  return load_bf16(x);
}
inline void store_bf16_n(uint16_t* p, vf v, int n) {
  uint16_t x[16];
  store_bf16(x, v);
  for (int i = 0; i < n; ++i) p[i] = x[i];
}

// The same with 16 lanes as the quick case, for loops whose last step may be short.
inline vf load_some(const float* p, int n) {
  return n == kLanes ? load(p) : load_n(p, n);
}
inline vf load_some(const uint16_t* p, int n) {
  return n == kLanes ? load_bf16(p) : load_bf16_n(p, n);
}
inline void store_some(float* p, vf v, int n) {
  if (n == kLanes) {
    store(p, v);
  } else {
    store_n(p, v, n);
  }
}
inline void store_some(uint16_t* p, vf v, int n) {
  if (n == kLanes) {
    store_bf16(p, v);
  } else {
    store_bf16_n(p, v, n);
  }
}

// The first eight lanes change places with the last.
inline vf swap_halves(vf v) {
#if defined(__AVX512F__)
  return (vf)_mm512_shuffle_f32x4((__m512)v, (__m512)v, 0x4e);
#else
  return {v.hi, v.lo};
#endif
}

// v[i][j] becomes v[j][i].
inline void transpose(vf v[16]) {
#if defined(__AVX512F__)
  __m512 t[16], r[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps((__m512)v[i], (__m512)v[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps((__m512)v[i], (__m512)v[i + 1]);
  }
  for (int i = 0; i < 16; i += 4)
    for (int j = 0; j < 2; ++j) {
      __m512d a = _mm512_castps_pd(t[i + j]), b = _mm512_castps_pd(t[i + j + 2]);
      r[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
      r[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
    }
  for (int j = 0; j < 4; ++j) {  // quarters: r[4 i + j] holds columns j, 4 + j, 8 + j, 12 + j of rows 4 i ..
    __m512 a = _mm512_shuffle_f32x4(r[j], r[4 + j], 0x88), b = _mm512_shuffle_f32x4(r[j], r[4 + j], 0xdd);
    __m512 c = _mm512_shuffle_f32x4(r[8 + j], r[12 + j], 0x88), d = _mm512_shuffle_f32x4(r[8 + j], r[12 + j], 0xdd);
    v[j] = (vf)_mm512_shuffle_f32x4(a, c, 0x88);
    v[8 + j] = (vf)_mm512_shuffle_f32x4(a, c, 0xdd);
    v[4 + j] = (vf)_mm512_shuffle_f32x4(b, d, 0x88);
    v[12 + j] = (vf)_mm512_shuffle_f32x4(b, d, 0xdd);
  }
#else
  float from[256], to[256];
#pragma GCC unroll 1
  for (int i = 0; i < 16; ++i) store(from + 16 * i, v[i]);
#pragma GCC unroll 1
  for (int i = 0; i < 16; ++i)
#pragma GCC unroll 1
    for (int j = 0; j < 16; ++j) to[16 * i + j] = from[16 * j + i];
#pragma GCC unroll 1
  for (int i = 0; i < 16; ++i) v[i] = load(to + 16 * i);
#endif
}

// e^x with relative error below 2e-7 for x in [-87, 88]; 0 below, +inf above, NaN stays NaN.
// Cody-Waite reduction and the degree-5 polynomial of Cephes expf (S. L. Moshier).
inline vf exp(vf x) {
  const vf low = splat(-87.33654f), high = splat(88.72283f);
  vf t = min(max(x, low), high);
  vf shifter = splat(12582912.0f);  // 1.5 * 2^23: rounds to nearest integer
  vf n = fma(t, splat(1.44269504088896341f), shifter) - shifter;
  vf r = fma(n, splat(-0.693359375f), t);
  r = fma(n, splat(2.12194440e-4f), r);
  vf p = splat(1.9875691500e-4f);
  p = fma(p, r, splat(1.3981999507e-3f));
  p = fma(p, r, splat(8.3334519073e-3f));
  p = fma(p, r, splat(4.1665795894e-2f));
  p = fma(p, r, splat(1.6666665459e-1f));
  p = fma(p, r, splat(5.0000001201e-1f));
  p = fma(p, r * r, r + 1.0f);
  // 2^n in two factors, so that n = 128 and n = -126 stay in range
  vi k = to_int(n), k1 = k >> 1, k2 = k - k1;
  vf y = p * as_float((k1 + 127) << 23) * as_float((k2 + 127) << 23);
  y = select(x < low, splat(0.0f), y);
  y = select(x > high, splat(__builtin_inff()), y);
  return select(x != x, x, y);
}

// e^x for x <= 0 only: cheaper. Relative error below 2e-7 down to -87.3; 0 below; NaN stays NaN.
inline vf exp_nonpositive(vf x) {
  const vf low = splat(-87.33654f), shifter = splat(12582912.0f + 127.0f);
  vf t = max(low, x);
  vf s = fma(t, splat(1.44269504088896341f), shifter);  // its low bits are n + 127, the exponent field of 2^n
  vf n = s - shifter;
  vf r = fma(n, splat(-0.693359375f), t);
  r = fma(n, splat(2.12194440e-4f), r);
  vf p = splat(1.9875691500e-4f);
  p = fma(p, r, splat(1.3981999507e-3f));
  p = fma(p, r, splat(8.3334519073e-3f));
  p = fma(p, r, splat(4.1665795894e-2f));
  p = fma(p, r, splat(1.6666665459e-1f));
  p = fma(p, r, splat(5.0000001201e-1f));
  p = fma(p, r * r, r + 1.0f);
  return select(x < low, splat(0.0f), p * as_float(as_int(s) << 23));
}

}  // namespace glossa::GLOSSA_ISA
