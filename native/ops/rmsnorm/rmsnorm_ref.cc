#include "ops/rmsnorm/rmsnorm_ref.h"

#include <cmath>

namespace glossa::ref {

void rmsnorm_forward(double* y, double* rstd, const double* x, const double* w, double eps, int64_t rows, int64_t d,
                     double offset, double scale) {
  for (int64_t r = 0; r < rows; ++r) {
    double squares = 0;
    for (int64_t j = 0; j < d; ++j) squares += x[r * d + j] * x[r * d + j];
    rstd[r] = 1 / std::sqrt(squares / static_cast<double>(d) + eps);
    for (int64_t j = 0; j < d; ++j) y[r * d + j] = scale * x[r * d + j] * rstd[r] * (offset + w[j]);
  }
}

// y_i = c (o + w_i) x_i s with s = (mean(x^2) + eps)^(-1/2), so ds/dx_j = -s^3 x_j / d and
// dx_j = c (dy_j (o + w_j) s + sum_i dy_i (o + w_i) x_i * ds/dx_j).
void rmsnorm_backward(double* dx, double* dw, const double* dy, const double* x, const double* w, double eps,
                      int64_t rows, int64_t d, double offset, double scale) {
  for (int64_t r = 0; r < rows; ++r) {
    double squares = 0, dot = 0;
    for (int64_t j = 0; j < d; ++j) squares += x[r * d + j] * x[r * d + j];
    for (int64_t j = 0; j < d; ++j) dot += dy[r * d + j] * (offset + w[j]) * x[r * d + j];
    double s = 1 / std::sqrt(squares / static_cast<double>(d) + eps);
    for (int64_t j = 0; j < d; ++j) {
      dw[j] += scale * dy[r * d + j] * x[r * d + j] * s;
      dx[r * d + j] =
          scale * (dy[r * d + j] * (offset + w[j]) * s - dot * s * s * s * x[r * d + j] / static_cast<double>(d));
    }
  }
}

}  // namespace glossa::ref
