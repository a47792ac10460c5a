#include "ops/swiglu/swiglu_ref.h"

#include <cmath>

namespace glossa::ref {

void swiglu_forward(double* h, const double* gate_up, int64_t rows, int64_t f) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t j = 0; j < f; ++j) {
      double gate = gate_up[r * 2 * f + j], up = gate_up[r * 2 * f + f + j];
      h[r * f + j] = gate / (1 + std::exp(-gate)) * up;
    }
  }
}

void swiglu_backward(double* dgate_up, const double* dh, const double* gate_up, int64_t rows, int64_t f) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t j = 0; j < f; ++j) {
      double gate = gate_up[r * 2 * f + j], up = gate_up[r * 2 * f + f + j];
      double e = std::exp(-gate), silu = gate / (1 + e);
      double dsilu = 1 / (1 + e) + gate * e / ((1 + e) * (1 + e));
      dgate_up[r * 2 * f + j] = dh[r * f + j] * up * dsilu;
      dgate_up[r * 2 * f + f + j] = dh[r * f + j] * silu;
    }
  }
}

}  // namespace glossa::ref
