#include "ops/attention/attention_ref.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace glossa::ref {
namespace {

double dot(const double* a, const double* b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

bool sees(int64_t window, int64_t row, size_t key) {
  return window == 0 || static_cast<int64_t>(key) > row - window;
}

std::vector<double> softmax(std::vector<double> s) {
  double most = *std::max_element(s.begin(), s.end()), sum = 0;
  for (double& x : s) sum += x = std::exp(x - most);
  for (double& x : s) x /= sum;
  return s;
}

}  // namespace

void attention_forward(double* out, const double* q, const double* k, const double* v, int64_t rows, int64_t first,
                       const QkvShape& shape, double scale, int64_t window) {
  const int64_t width = shape.head_dim, group = shape.heads / shape.kv_heads;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t h = 0; h < shape.heads; ++h) {
      const int64_t at = (r * shape.heads + h) * width;
      auto key = [&](int64_t j) { return (j * shape.kv_heads + h / group) * width; };
      std::vector<double> w(static_cast<size_t>(first + r + 1));
      for (size_t j = 0; j < w.size(); ++j)
        w[j] = sees(window, first + r, j) ? scale * dot(q + at, k + key(static_cast<int64_t>(j)), width) : -INFINITY;
      w = softmax(w);
      for (int64_t d = 0; d < width; ++d) {
        out[at + d] = 0;
        for (size_t j = 0; j < w.size(); ++j) out[at + d] += w[j] * v[key(static_cast<int64_t>(j)) + d];
      }
    }
  }
}

// o = sum_j w_j v_j with w = softmax(s): dw_j = do . v_j, ds_j = w_j (dw_j - sum_i w_i dw_i), s_j = scale q . k_j.
void attention_backward(double* dq, double* dk, double* dv, const double* dout, const double* q, const double* k,
                        const double* v, int64_t rows, int64_t first, const QkvShape& shape, double scale,
                        int64_t window) {
  const int64_t width = shape.head_dim, group = shape.heads / shape.kv_heads;
  std::fill(dq, dq + rows * shape.q_width(), 0.0);
  std::fill(dk, dk + (first + rows) * shape.kv_width(), 0.0);
  std::fill(dv, dv + (first + rows) * shape.kv_width(), 0.0);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t h = 0; h < shape.heads; ++h) {
      const int64_t at = (r * shape.heads + h) * width;
      auto key = [&](size_t j) { return (static_cast<int64_t>(j) * shape.kv_heads + h / group) * width; };
      std::vector<double> w(static_cast<size_t>(first + r + 1)), dw(w.size());
      for (size_t j = 0; j < w.size(); ++j)
        w[j] = sees(window, first + r, j) ? scale * dot(q + at, k + key(j), width) : -INFINITY;
      w = softmax(w);
      double mean = 0;
      for (size_t j = 0; j < w.size(); ++j) {
        dw[j] = dot(dout + at, v + key(j), width);
        mean += w[j] * dw[j];
      }
      for (size_t j = 0; j < w.size(); ++j) {
        double ds = w[j] * (dw[j] - mean);
        for (int64_t d = 0; d < width; ++d) {
          dq[at + d] += ds * scale * k[key(j) + d];
          dk[key(j) + d] += ds * scale * q[at + d];
          dv[key(j) + d] += w[j] * dout[at + d];
        }
      }
    }
  }
}

}  // namespace glossa::ref
