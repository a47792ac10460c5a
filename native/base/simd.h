// Sixteen float lanes on every instruction set: AVX-512, AVX2 (two halves), NEON and plain C++ compile from one source.
// The lane count and the order of every reduction are fixed, so a sum has one meaning in the whole program.
// Contraction is off (-ffp-contract=off): a fused multiply-add appears only where fma() is written.
// Included by ISA-specific units only; needs no standard library.
#pragma once
#include <stdint.h>
#include <string.h>
#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace glossa::GLOSSA_ISA {

typedef float vf __attribute__((vector_size(64)));
typedef int32_t vi __attribute__((vector_size(64)));
typedef uint32_t vu __attribute__((vector_size(64)));
typedef uint16_t vh __attribute__((vector_size(32)));
constexpr int kLanes = 16;

inline vf splat(float x) { return vf{} + x; }  // note: -0.0f becomes +0.0f
inline vf load(const float* p) {
  vf v;
  memcpy(&v, p, 64);
  return v;
}
inline void store(float* p, vf v) { memcpy(p, &v, 64); }
// First n (0..16) lanes; the others are zero.
inline vf load_n(const float* p, int n) {
  vf v = {};
  memcpy(&v, p, static_cast<unsigned long>(n) * 4);
  return v;
}
inline void store_n(float* p, vf v, int n) { memcpy(p, &v, static_cast<unsigned long>(n) * 4); }

// a * b + c, rounded once where the processor can.
inline vf fma(vf a, vf b, vf c) {
#if defined(__AVX512F__)
  return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  union { vf v; __m256 h[2]; } x{a}, y{b}, z{c};
  z.h[0] = _mm256_fmadd_ps(x.h[0], y.h[0], z.h[0]);
  z.h[1] = _mm256_fmadd_ps(x.h[1], y.h[1], z.h[1]);
  return z.v;
#elif defined(__ARM_NEON) && defined(__aarch64__)
  union { vf v; float32x4_t q[4]; } x{a}, y{b}, z{c};
  for (int i = 0; i < 4; ++i) z.q[i] = vfmaq_f32(z.q[i], x.q[i], y.q[i]);
  return z.v;
#else
  return a * b + c;
#endif
}
// The same operation for one number.
inline float fma1(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
inline vf max(vf a, vf b) { return a > b ? a : b; }
inline vf min(vf a, vf b) { return a < b ? a : b; }

// Fixed tree: lanes i and i+8, then i+4, i+2, i+1.
inline float reduce_sum(vf v) {
  float x[16];
  store(x, v);
  for (int w = 8; w > 0; w >>= 1)
    for (int i = 0; i < w; ++i) x[i] += x[i + w];
  return x[0];
}
inline float reduce_max(vf v) {
  float x[16];
  store(x, v);
  for (int w = 8; w > 0; w >>= 1)
    for (int i = 0; i < w; ++i) x[i] = x[i] > x[i + w] ? x[i] : x[i + w];
  return x[0];
}

inline vf load_bf16(const uint16_t* p) {
  vh h;
  memcpy(&h, p, 32);
  return (vf)(__builtin_convertvector(h, vu) << 16);
}
inline void store_bf16(uint16_t* p, vf v) {  // round to nearest even, NaN kept
  vu u = (vu)v;
  vu r = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
  vu nan = (u >> 16) | 0x40u;
  r = (u & 0x7fffffffu) > 0x7f800000u ? nan : r;
  vh h = __builtin_convertvector(r, vh);
  memcpy(p, &h, 32);
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
  vi k = __builtin_convertvector(n, vi), k1 = k >> 1, k2 = k - k1;
  vf y = p * (vf)((k1 + 127) << 23) * (vf)((k2 + 127) << 23);
  y = x < low ? vf{} : y;
  y = x > high ? splat(__builtin_inff()) : y;
  return x != x ? x : y;
}

}  // namespace glossa::GLOSSA_ISA
