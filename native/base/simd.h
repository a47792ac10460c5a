// Sixteen float lanes on every instruction set: one AVX-512 register, two of AVX, four of SSE2 or NEON.
// The lane count and the order of every reduction are fixed, so a sum has one meaning in the whole program.
// Contraction is off (-ffp-contract=off): a fused multiply-add appears only where fma() is written.
// Included by ISA-specific units only; needs no standard library.
//
// Below AVX-512 a vector is a pair of smaller ones (gcc keeps a 64-byte vector that has no register on the stack), so
// write select(mask, a, b) for the conditional operator, as_float / as_int / as_uint for a change of view and
// to_int / to_float for a conversion; + - * / & | ~ << >> and comparisons work as usual.
#pragma once
#include <stdint.h>
#include <string.h>
#if defined(__AVX512F__) || defined(__AVX2__) || defined(__SSE2__)
#if !defined(__clang__)  // gcc 12 warns of its own intrinsics (its bug 105593)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace glossa::GLOSSA_ISA {

template <class V>
struct Two {
  V lo, hi;
  template <class W>
  explicit operator Two<W>() const {
    return {(W)lo, (W)hi};
  }
};

#if defined(__AVX512F__)
constexpr int kPart = 16;
#elif defined(__AVX2__)
constexpr int kPart = 8;
#else
constexpr int kPart = 4;
#endif
typedef float pf __attribute__((vector_size(kPart * 4)));
typedef int32_t pi __attribute__((vector_size(kPart * 4)));
typedef uint32_t pu __attribute__((vector_size(kPart * 4)));
#if defined(__AVX512F__)
using vf = pf;
using vi = pi;
using vu = pu;
#elif defined(__AVX2__)
using vf = Two<pf>;
using vi = Two<pi>;
using vu = Two<pu>;
#else
using vf = Two<Two<pf> >;
using vi = Two<Two<pi> >;
using vu = Two<Two<pu> >;
#endif
constexpr int kLanes = 16;

// One part: the operations that are not written alike for every register.

inline pf select(pi mask, pf a, pf b) {
  return mask ? a : b;
}
inline pi select(pi mask, pi a, pi b) {
  return mask ? a : b;
}
inline pu select(pi mask, pu a, pu b) {
  return mask ? a : b;
}
inline pi to_int(pf a) {
  return __builtin_convertvector(a, pi);
}  // towards zero
inline pf to_float(pi a) {
  return __builtin_convertvector(a, pf);
}  // to nearest
inline void splat_to(pf& v, float x) {
#if defined(__AVX512F__)
  v = (pf)_mm512_set1_ps(x);
#elif defined(__AVX2__)
  v = (pf)_mm256_set1_ps(x);
#else
  v = pf{x, x, x, x};
#endif
}
inline void splat_to(pi& v, int32_t x) {
  v = pi{} + x;
}
inline void load_to(pf& v, const float* p) {
  memcpy(&v, p, sizeof v);
}
inline void load_to(pi& v, const int32_t* p) {
  memcpy(&v, p, sizeof v);
}
inline void store_from(float* p, pf v) {
  memcpy(p, &v, sizeof v);
}

// a * b + c, rounded once where the processor can.
inline pf fma(pf a, pf b, pf c) {
#if defined(__AVX512F__)
  return (pf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__) && defined(__FMA__)
  return (pf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__ARM_NEON) && defined(__aarch64__)
  return (pf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return a * b + c;
#endif
}
// a > b ? a : b and a < b ? a : b (the second operand where either is NaN).
inline pf max(pf a, pf b) {
#if defined(__AVX512F__)
  return (pf)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (pf)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
  return (pf)_mm_max_ps((__m128)a, (__m128)b);
#else
  return a > b ? a : b;
#endif
}
inline pf min(pf a, pf b) {
#if defined(__AVX512F__)
  return (pf)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (pf)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
  return (pf)_mm_min_ps((__m128)a, (__m128)b);
#else
  return a < b ? a : b;
#endif
}
// kPart numbers of bfloat16, as the upper halves of 32-bit words.
inline void widen(pu& v, const uint16_t* p) {
#if defined(__AVX512F__)
  v = (pu)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)p)), 16);
#elif defined(__AVX2__)
  v = (pu)_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i*)p)), 16);
#elif defined(__SSE2__)
  v = (pu)_mm_unpacklo_epi16(_mm_setzero_si128(), _mm_loadl_epi64((const __m128i*)p));
#elif defined(__ARM_NEON)
  v = (pu)vshll_n_u16(vld1_u16(p), 16);
#else
  for (int i = 0; i < kPart; ++i) v[i] = (uint32_t)p[i] << 16;
#endif
}
// The lower halves of 32-bit words whose upper halves are zero.
inline void narrow(uint16_t* p, pu v) {
#if defined(__AVX512F__)
  _mm256_storeu_si256((__m256i*)p, _mm512_cvtepi32_epi16((__m512i)v));
#elif defined(__AVX2__)
  __m256i packed = _mm256_packus_epi32((__m256i)v, (__m256i)v);
  _mm_storeu_si128((__m128i*)p, _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08)));
#elif defined(__SSE2__)
  __m128i s = _mm_srai_epi32(_mm_slli_epi32((__m128i)v, 16), 16);
  _mm_storel_epi64((__m128i*)p, _mm_packs_epi32(s, s));
#elif defined(__ARM_NEON)
  vst1_u16(p, vmovn_u32((uint32x4_t)v));
#else
  for (int i = 0; i < kPart; ++i) p[i] = (uint16_t)v[i];
#endif
}

// Pairs: everything above and the operators, lane by lane.

template <class V, class M>
inline Two<V> select(Two<M> mask, Two<V> a, Two<V> b) {
  return {select(mask.lo, a.lo, b.lo), select(mask.hi, a.hi, b.hi)};
}
template <class V>
inline auto to_int(Two<V> a) -> Two<decltype(to_int(a.lo))> {
  return {to_int(a.lo), to_int(a.hi)};
}
template <class V>
inline auto to_float(Two<V> a) -> Two<decltype(to_float(a.lo))> {
  return {to_float(a.lo), to_float(a.hi)};
}
template <class V, class S>
inline void splat_to(Two<V>& v, S x) {
  splat_to(v.lo, x);
  splat_to(v.hi, x);
}
template <class V, class S>
inline void load_to(Two<V>& v, const S* p) {
  load_to(v.lo, p);
  load_to(v.hi, p + sizeof(V) / 4);
}
template <class V>
inline void store_from(float* p, Two<V> v) {
  store_from(p, v.lo);
  store_from(p + sizeof(V) / 4, v.hi);
}
template <class V>
inline Two<V> fma(Two<V> a, Two<V> b, Two<V> c) {
  return {fma(a.lo, b.lo, c.lo), fma(a.hi, b.hi, c.hi)};
}
template <class V>
inline Two<V> max(Two<V> a, Two<V> b) {
  return {max(a.lo, b.lo), max(a.hi, b.hi)};
}
template <class V>
inline Two<V> min(Two<V> a, Two<V> b) {
  return {min(a.lo, b.lo), min(a.hi, b.hi)};
}
template <class V>
inline void widen(Two<V>& v, const uint16_t* p) {
  widen(v.lo, p);
  widen(v.hi, p + sizeof(V) / 4);
}
template <class V>
inline void narrow(uint16_t* p, Two<V> v) {
  narrow(p, v.lo);
  narrow(p + sizeof(V) / 4, v.hi);
}

#define GLOSSA_LANEWISE(op)                                                  \
  template <class V>                                                         \
  inline auto operator op(Two<V> a, Two<V> b)->Two<decltype(a.lo op b.lo)> { \
    return {a.lo op b.lo, a.hi op b.hi};                                     \
  }
GLOSSA_LANEWISE(+)
GLOSSA_LANEWISE(-)
GLOSSA_LANEWISE(*)
GLOSSA_LANEWISE(/)
GLOSSA_LANEWISE(&)
GLOSSA_LANEWISE(|)
GLOSSA_LANEWISE(^)
GLOSSA_LANEWISE(<)
GLOSSA_LANEWISE(>)
GLOSSA_LANEWISE(<=)
GLOSSA_LANEWISE(>=)
GLOSSA_LANEWISE(==)
GLOSSA_LANEWISE(!=)
#undef GLOSSA_LANEWISE
#define GLOSSA_WITH_SCALAR(op, S)                                    \
  template <class V>                                                 \
  inline auto operator op(Two<V> a, S b)->Two<decltype(a.lo op b)> { \
    return {a.lo op b, a.hi op b};                                   \
  }                                                                  \
  template <class V>                                                 \
  inline auto operator op(S a, Two<V> b)->Two<decltype(a op b.lo)> { \
    return {a op b.lo, a op b.hi};                                   \
  }
GLOSSA_WITH_SCALAR(+, float)
GLOSSA_WITH_SCALAR(-, float)
GLOSSA_WITH_SCALAR(*, float)
GLOSSA_WITH_SCALAR(/, float)
GLOSSA_WITH_SCALAR(<, float)
GLOSSA_WITH_SCALAR(>, float)
GLOSSA_WITH_SCALAR(<=, float)
GLOSSA_WITH_SCALAR(>=, float)
GLOSSA_WITH_SCALAR(+, int32_t)
GLOSSA_WITH_SCALAR(-, int32_t)
GLOSSA_WITH_SCALAR(<, int32_t)
GLOSSA_WITH_SCALAR(>, int32_t)
GLOSSA_WITH_SCALAR(&, int32_t)
GLOSSA_WITH_SCALAR(|, int32_t)
GLOSSA_WITH_SCALAR(+, uint32_t)
GLOSSA_WITH_SCALAR(-, uint32_t)
GLOSSA_WITH_SCALAR(*, uint32_t)
GLOSSA_WITH_SCALAR(<, uint32_t)
GLOSSA_WITH_SCALAR(>, uint32_t)
GLOSSA_WITH_SCALAR(&, uint32_t)
GLOSSA_WITH_SCALAR(|, uint32_t)
GLOSSA_WITH_SCALAR(^, uint32_t)
#undef GLOSSA_WITH_SCALAR
template <class V>
inline Two<V> operator<<(Two<V> a, int n) {
  return {a.lo << n, a.hi << n};
}
template <class V>
inline Two<V> operator>>(Two<V> a, int n) {
  return {a.lo >> n, a.hi >> n};
}
template <class V>
inline Two<V> operator-(Two<V> a) {
  return {-a.lo, -a.hi};
}
template <class V>
inline Two<V> operator~(Two<V> a) {
  return {~a.lo, ~a.hi};
}
template <class V, class B>
inline Two<V>& operator+=(Two<V>& a, B b) {
  return a = a + b;
}
template <class V, class B>
inline Two<V>& operator-=(Two<V>& a, B b) {
  return a = a - b;
}
template <class V, class B>
inline Two<V>& operator*=(Two<V>& a, B b) {
  return a = a * b;
}

// Whole vectors.

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

// Keeps a loaded vector in its register: gcc folds a load into every use of it, and the load ports become the limit.
inline void hold(pf& v) {
#if defined(__AVX512F__)
  asm("" : "+v"(v));
#elif defined(__SSE2__)
  asm("" : "+x"(v));
#endif
}
template <class V>
inline void hold(Two<V>& v) {
  hold(v.lo);
  hold(v.hi);
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
