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

TokenLoss token_loss(const LossSettings& settings, const TokenTerms& terms, double logp) {
  const double a = terms.advantage;
  TokenLoss r{};
  double loss;
  if (settings.type == LossType::supervised) {
    loss = -logp;
  } else {
    const double c = std::exp(logp - terms.old_logp);
    const double low = 1 - static_cast<double>(settings.epsilon), high = 1 + static_cast<double>(settings.epsilon_high);
    loss = -std::min(c * a, std::clamp(c, low, high) * a);
    r.clip_low = c < low && a < 0;
    r.clip_high = c > high && a > 0;
  }
  if (settings.beta != 0) {
    const double d = terms.ref_logp - logp;
    r.kl = std::exp(d) - d - 1;
  }
  r.loss = terms.scale * (loss + static_cast<double>(settings.beta) * r.kl);
  return r;
}

}  // namespace glossa::ref
