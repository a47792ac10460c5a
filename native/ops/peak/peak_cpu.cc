#include "base/simd.h"
#include "ops/peak/peak.h"

namespace glossa::GLOSSA_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kWidth = 16, kChains = 24;
#elif defined(__AVX2__)
constexpr int kWidth = 8, kChains = 12;
#elif defined(__aarch64__)
constexpr int kWidth = 4, kChains = 24;
#else
constexpr int kWidth = 4, kChains = 12;
#endif
typedef float V __attribute__((vector_size(kWidth * 4)));

inline V splat_v(float x) {
  V v;
  for (int i = 0; i < kWidth; ++i) v[i] = x;
  return v;
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
#if defined(__AVX512BF16__)
inline V pair_v(V a, V b, V c) {
  return (V)_mm512_dpbf16_ps((__m512)c, (__m512bh)a, (__m512bh)b);
}
#endif

template <V (*Step)(V, V, V)>
float run(int64_t rounds) {
  V x = splat_v(0.999f), y = splat_v(0.001f), acc[kChains];
#pragma GCC unroll 32
  for (int i = 0; i < kChains; ++i) acc[i] = splat_v(static_cast<float>(i));
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 32
    for (int i = 0; i < kChains; ++i) acc[i] = Step(x, y, acc[i]);
#if defined(__x86_64__)
    asm volatile("" : "+x"(x), "+x"(y));
#endif
  }
  V sum = acc[0];
#pragma GCC unroll 32
  for (int i = 1; i < kChains; ++i) sum = sum + acc[i];
  return sum[0];
}

double multiply_add(Dtype t, int64_t rounds, float* sink) {
  const double flops = 2.0 * kWidth * kChains * static_cast<double>(rounds);
#if defined(__AVX512BF16__)
  if (t == Dtype::bf16) {
    *sink = run<pair_v>(rounds);
    return 2 * flops;
  }
#endif
  (void)t;
  *sink = run<fma_v>(rounds);
  return flops;
}

float read(const float* x, int64_t n) {
  V sum[4] = {};
  for (int64_t i = 0; i + 4 * kWidth <= n; i += 4 * kWidth) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      V v;
      memcpy(&v, x + i + j * kWidth, sizeof v);
      sum[j] = sum[j] + v;
    }
  }
  return sum[0][0] + sum[1][0] + sum[2][0] + sum[3][0];
}

}  // namespace

extern const PeakKernels peak_kernels;
const PeakKernels peak_kernels = {multiply_add, read};

}  // namespace glossa::GLOSSA_ISA
