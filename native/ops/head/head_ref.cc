#include "ops/head/head_ref.h"

#include <algorithm>
#include <cmath>

namespace glossa::ref {
namespace {

std::vector<double> softmax(const std::vector<double>& logits, double inv_temperature) {
  double largest = -INFINITY, sum = 0;
  for (double x : logits) largest = std::max(largest, x * inv_temperature);
  std::vector<double> p;
  for (double x : logits) p.push_back(std::exp(x * inv_temperature - largest));
  for (double e : p) sum += e;
  for (double& e : p) e /= sum;
  return p;
}

}  // namespace

HeadRow head_row(const std::vector<double>& logits, double inv_temperature, int32_t target) {
  double largest = -INFINITY, sum = 0, entropy = 0;
  for (double x : logits) largest = std::max(largest, x * inv_temperature);
  for (double x : logits) sum += std::exp(x * inv_temperature - largest);
  for (double p : softmax(logits, inv_temperature))
    if (p > 0) entropy -= p * std::log(p);
  return {logits[static_cast<size_t>(target)] * inv_temperature - largest - std::log(sum), entropy};
}

std::vector<double> logp_gradient(const std::vector<double>& logits, double inv_temperature, int32_t target) {
  std::vector<double> g = softmax(logits, inv_temperature);
  for (double& x : g) x *= -inv_temperature;
  g[static_cast<size_t>(target)] += inv_temperature;
  return g;
}

std::vector<double> entropy_gradient(const std::vector<double>& logits, double inv_temperature) {
  const std::vector<double> p = softmax(logits, inv_temperature);
  const double entropy = head_row(logits, inv_temperature, 0).entropy;
  std::vector<double> g;
  for (double x : p) g.push_back(x > 0 ? -inv_temperature * x * (std::log(x) + entropy) : 0);
  return g;
}

}  // namespace glossa::ref
