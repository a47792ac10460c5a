#include "base/simd.h"
#include "ops/gradnorm/gradnorm_kernels.h"

namespace glossa::GLOSSA_ISA {

// Half as many lanes as a part of floats, so that a part of doubles fills one register.
typedef float narrow_part __attribute__((vector_size(kPart * 2)));
typedef double wide_part __attribute__((vector_size(kPart * 4)));
constexpr int kWideLanes = kPart / 2, kWideParts = kLanes / kWideLanes;

static void add_squares(wide_part* sums, const float* g) {
  for (int part = 0; part < kWideParts; ++part) {
    narrow_part x;
    memcpy(&x, g + part * kWideLanes, sizeof x);
    const wide_part d = __builtin_convertvector(x, wide_part);
    sums[part] += d * d;  // the square of a float is exact in double: the sum is the same bits on every instruction set
  }
}

static double sum_squares(const float* g, int64_t n) {
  wide_part sums[kWideParts] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) add_squares(sums, g + i);
  if (i < n) {
    float rest[kLanes] = {};
    memcpy(rest, g + i, static_cast<size_t>(n - i) * sizeof(float));
    add_squares(sums, rest);
  }
  double lanes[kLanes];
  memcpy(lanes, sums, sizeof lanes);
  for (int w = kLanes / 2; w > 0; w /= 2)
    for (int k = 0; k < w; ++k) lanes[k] += lanes[k + w];
  return lanes[0];
}

extern const GradNormKernels gradnorm_kernels;
const GradNormKernels gradnorm_kernels = {sum_squares};

}  // namespace glossa::GLOSSA_ISA
