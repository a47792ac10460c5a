#include "ops/gradnorm/gradnorm_ref.h"

namespace glossa::ref {

double sum_squares(const float* g, int64_t n) {
  long double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<long double>(g[i]) * g[i];
  return static_cast<double>(sum);
}

}  // namespace glossa::ref
