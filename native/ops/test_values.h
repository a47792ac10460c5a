// Values for the operators' tests: random by counter, poison, rounding to an element type, and one measure of error.
#pragma once
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/dtype.h"
#include "base/philox.h"

namespace glossa::test {

// n numbers uniform in (-scale, scale); the same for the same seed.
inline std::vector<float> random_values(uint64_t seed, int64_t n, float scale = 1) {
  std::vector<float> x(static_cast<size_t>(n));
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = scale * (2 * philox_uniform(philox4x32(seed, static_cast<uint32_t>(i), 0, 0, 0).v[0]) - 1);
  return x;
}
inline std::vector<float> poison(int64_t n) {
  return std::vector<float>(static_cast<size_t>(n), std::numeric_limits<float>::quiet_NaN());
}
inline std::vector<double> to_double(const std::vector<float>& x) {
  return {x.begin(), x.end()};
}

// The value as type t holds it.
inline float rounded(float x, Dtype t) {
  return t == Dtype::f32 ? x : from_bf16(to_bf16(x));
}
inline std::vector<float> all_rounded(std::vector<float> x, Dtype t) {
  for (float& v : x) v = rounded(v, t);
  return x;
}
// Spacing of type t relative to a number: half of it is the rounding error.
inline double epsilon_of(Dtype t) {
  return t == Dtype::f32 ? 1.0 / (1 << 23) : 1.0 / (1 << 7);
}

// Largest |a - b| over max(1, largest |b|); NaN where either holds one or the sizes differ.
template <class A, class B>
double worst_error(const A& a, const B& b) {
  if (static_cast<size_t>(a.size()) != static_cast<size_t>(b.size())) return std::nan("");
  double worst = 0, scale = 1;
  for (decltype(a.size()) i = 0; i < a.size(); ++i) {
    double x = a[i], y = b[static_cast<decltype(b.size())>(i)];
    if (!(std::fabs(x - y) <= worst)) worst = std::fabs(x - y);
    if (std::isnan(worst)) return worst;
    scale = std::fmax(scale, std::fabs(y));
  }
  return worst / scale;
}
template <class T>
bool same_bits(const T* a, const T* b, int64_t n) {
  return n == 0 || std::memcmp(a, b, static_cast<size_t>(n) * sizeof(T)) == 0;
}
inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && same_bits(a.data(), b.data(), static_cast<int64_t>(a.size()));
}

// Worst difference between a gradient and the central difference of loss() in every element of x, relative to the
// largest element of the gradient (at least 1).
template <class Loss>
double gradient_error(std::vector<double>& x, const std::vector<double>& gradient, Loss loss, double step = 1e-5) {
  std::vector<double> difference(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    double kept = x[i];
    x[i] = kept + step;
    double above = loss();
    x[i] = kept - step;
    double below = loss();
    x[i] = kept;
    difference[i] = (above - below) / (2 * step);
  }
  return worst_error(gradient, difference);
}

}  // namespace glossa::test
