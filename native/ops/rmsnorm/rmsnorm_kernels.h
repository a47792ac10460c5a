// What the kernels of an instruction set compute: a root-mean-square norm (Zhang & Sennrich, arXiv 1910.07467),
// y = scale * x / sqrt(mean(x^2) + eps) * (offset + w).
#pragma once
#include <cstdint>

#include "base/dtype.h"

namespace glossa {

struct NormOperand {
  const float* w;  // [d]
  float eps;
  float offset = 0;
  float scale = 1;
};

struct RmsNormKernels {
  // y [rows][d] (type t) = norm(x [rows][d]); rstd [rows] = 1 / sqrt(mean(x^2) + eps).
  void (*forward)(void* y, Dtype t, float* rstd, const float* x, const NormOperand& norm, int64_t rows, int64_t d);
  // Post-norm residual: out = residual + norm(x). out may be residual.
  void (*forward_add)(float* out, float* rstd, const float* residual, const float* x, const NormOperand& norm,
                      int64_t rows, int64_t d);
  // dx (+)= gradient; dw [d] (or null) += sum over rows in order of scale * dy * x * rstd. accumulate: add to dx
  // instead of overwriting. dy and dx may be the same buffer when not accumulating.
  void (*backward)(float* dx, bool accumulate, float* dw, const float* dy, const float* x, const NormOperand& norm,
                   const float* rstd, int64_t rows, int64_t d);
};

}  // namespace glossa
