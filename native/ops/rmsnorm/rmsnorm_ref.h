// RMSNorm in float64, written as the formula reads: the specification that every kernel is tested against.
#pragma once
#include <cstdint>

namespace glossa::ref {

// y, x [rows][d]; w [d]; rstd [rows]. y = scale * x * rstd * (offset + w).
void rmsnorm_forward(double* y, double* rstd, const double* x, const double* w, double eps, int64_t rows, int64_t d,
                     double offset = 0, double scale = 1);
// dx [rows][d] is overwritten; dw [d] is added to.
void rmsnorm_backward(double* dx, double* dw, const double* dy, const double* x, const double* w, double eps,
                      int64_t rows, int64_t d, double offset = 0, double scale = 1);

}  // namespace glossa::ref
