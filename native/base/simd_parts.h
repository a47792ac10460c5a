// The registers behind simd.h: one part per register, a pair for what takes two, operators lane by lane.
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

// Keeps a loaded vector in its register: gcc folds a load into every use of it, and the load ports become the limit.
inline void hold([[maybe_unused]] pf& v) {
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

}  // namespace glossa::GLOSSA_ISA
