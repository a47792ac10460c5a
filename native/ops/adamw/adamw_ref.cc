#include "ops/adamw/adamw_ref.h"

#include <cmath>

namespace glossa::ref {

AdamWState adamw(AdamWState s, double gradient, int t, double learning_rate, double beta1, double beta2, double epsilon,
                 double weight_decay) {
  s.m = beta1 * s.m + (1 - beta1) * gradient;
  s.v = beta2 * s.v + (1 - beta2) * gradient * gradient;
  const double m_hat = s.m / (1 - std::pow(beta1, t)), v_hat = s.v / (1 - std::pow(beta2, t));
  s.w -= learning_rate * weight_decay * s.w;
  s.w -= learning_rate * m_hat / (std::sqrt(v_hat) + epsilon);
  return s;
}

}  // namespace glossa::ref
