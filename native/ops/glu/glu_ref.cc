#include "ops/glu/glu_ref.h"

#include <cmath>
#include <numbers>

namespace glossa::ref {
namespace {

struct Activated {
  double value, slope;
};
Activated activate(Activation activation, double x) {
  if (activation == Activation::silu) {
    const double e = std::exp(-x);
    return {x / (1 + e), 1 / (1 + e) + x * e / ((1 + e) * (1 + e))};
  }
  const double c = std::sqrt(2 / std::numbers::pi), t = std::tanh(c * (x + 0.044715 * x * x * x));
  return {x / 2 * (1 + t), (1 + t) / 2 + x / 2 * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x)};
}

}  // namespace

void glu_forward(double* h, const double* gate_up, Activation activation, int64_t rows, int64_t f) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t j = 0; j < f; ++j)
      h[r * f + j] = activate(activation, gate_up[r * 2 * f + j]).value * gate_up[r * 2 * f + f + j];
}

void glu_backward(double* dgate_up, const double* dh, const double* gate_up, Activation activation, int64_t rows,
                  int64_t f) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t j = 0; j < f; ++j) {
      const Activated a = activate(activation, gate_up[r * 2 * f + j]);
      dgate_up[r * 2 * f + j] = dh[r * f + j] * gate_up[r * 2 * f + f + j] * a.slope;
      dgate_up[r * 2 * f + f + j] = dh[r * f + j] * a.value;
    }
}

}  // namespace glossa::ref
