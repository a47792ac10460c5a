#include "ops/linear/linear_ref.h"

namespace glossa::ref {

void linear(double* c, const double* a, const double* w, const double* bias, int64_t m, int64_t n, int64_t k,
            bool accumulate) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = accumulate ? c[i * n + j] : 0;
      for (int64_t l = 0; l < k; ++l) sum += a[i * k + l] * w[j * k + l];
      c[i * n + j] = sum + (bias ? bias[j] : 0);
    }
  }
}

void accumulate_outer(double* c, const double* a, const double* b, int64_t tokens, int64_t n, int64_t k) {
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < k; ++j) c[i * k + j] += a[t * n + i] * b[t * k + j];
}

}  // namespace glossa::ref
