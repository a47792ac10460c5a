#include "base/simd.h"
#include "ops/adamw/adamw_kernels.h"

namespace glossa::GLOSSA_ISA {

static pf root(pf a) {
#if defined(__AVX512F__)
  return (pf)_mm512_sqrt_ps((__m512)a);
#elif defined(__AVX2__)
  return (pf)_mm256_sqrt_ps((__m256)a);
#elif defined(__SSE2__)
  return (pf)_mm_sqrt_ps((__m128)a);
#else
  for (int i = 0; i < kPart; ++i) a[i] = __builtin_sqrtf(a[i]);
  return a;
#endif
}
template <class V>
static Two<V> root(Two<V> a) {
  return {root(a.lo), root(a.hi)};
}

static void update(float* w, float* m, float* v, const float* g, int64_t n, const AdamWStep& step) {
  const vf beta2 = splat(step.beta2), clip = splat(step.clip), epsilon = splat(step.epsilon);
  const vf mix1 = splat(static_cast<float>(1.0 - static_cast<double>(step.beta1)));
  const vf mix2 = splat(static_cast<float>(1.0 - static_cast<double>(step.beta2)));
  const vf decay =
      splat(static_cast<float>(1.0 - static_cast<double>(step.learning_rate) * static_cast<double>(step.weight_decay)));
  const vf rate =
      splat(static_cast<float>(static_cast<double>(step.learning_rate) / static_cast<double>(step.bias_correction1)));
  const vf correction2 = splat(static_cast<float>(__builtin_sqrt(static_cast<double>(step.bias_correction2))));
  for (int64_t i = 0; i < n; i += kLanes) {
    const int lanes = n - i < kLanes ? static_cast<int>(n - i) : kLanes;
    const vf gradient = load_some(g + i, lanes) * clip;
    vf mean = load_some(m + i, lanes), square = load_some(v + i, lanes);
    mean = mean + mix1 * (gradient - mean);
    square = square * beta2 + mix2 * gradient * gradient;
    const vf denominator = root(square) / correction2 + epsilon;
    store_some(m + i, mean, lanes);
    store_some(v + i, square, lanes);
    store_some(w + i, load_some(w + i, lanes) * decay - rate * mean / denominator, lanes);
  }
}

extern const AdamWKernels adamw_kernels;
const AdamWKernels adamw_kernels = {update};

}  // namespace glossa::GLOSSA_ISA
