// The loss of one token as TRL's GRPOTrainer defines it, and its slope. Every loss_type is one function and one row of
// the switch; types that differ only in how tokens are averaged share a function and differ in TokenTerms::scale.
#include <cmath>

#include "ops/head/head.h"

namespace glossa {
namespace {

// Before the KL term and the scale.
struct PolicyLoss {
  double loss, slope;  // slope: d loss / d logp
  bool clipped_low = false, clipped_high = false;
};

// Next-token cross-entropy: L = -l.
PolicyLoss cross_entropy(double logp) {
  return {-logp, -1};
}

// PPO's clipped surrogate (Schulman et al., arXiv 1707.06347): c = exp(l - o),
// L = -min(c A, clamp(c, 1 - epsilon, 1 + epsilon_high) A). Where the clamped side is the smaller one the gradient is
// 0, which is also what TRL counts in clip_ratio/*.
PolicyLoss clipped_surrogate(const LossSettings& settings, const TokenTerms& terms, double logp) {
  const double advantage = terms.advantage, ratio = std::exp(logp - terms.old_logp);
  const double low = 1 - static_cast<double>(settings.epsilon), high = 1 + static_cast<double>(settings.epsilon_high);
  if (ratio < low && advantage < 0) return {-low * advantage, 0, true, false};
  if (ratio > high && advantage > 0) return {-high * advantage, 0, false, true};
  return {-ratio * advantage, -ratio * advantage};
}

PolicyLoss policy_loss(const LossSettings& settings, const TokenTerms& terms, double logp) {
  switch (settings.type) {
    case LossType::supervised:
      return cross_entropy(logp);
    case LossType::grpo:
    case LossType::dr_grpo:
    case LossType::dapo:
      return clipped_surrogate(settings, terms, logp);
  }
  __builtin_unreachable();
}

}  // namespace

TokenResult token_loss(const LossSettings& settings, const TokenTerms& terms, float logp, float entropy,
                       float* coefficient) {
  PolicyLoss policy = policy_loss(settings, terms, logp);
  double kl = 0, kl_slope = 0;
  if (settings.beta != 0) {
    // k3 (Schulman, "Approximating KL divergence", 2020): exp(r - l) - (r - l) - 1
    const double d = static_cast<double>(terms.ref_logp) - logp, grown = std::expm1(d);
    kl = grown - d;
    kl_slope = -grown;
  }
  const double scale = terms.scale, beta = settings.beta;
  *coefficient = static_cast<float>(scale * (policy.slope + beta * kl_slope));
  return {logp,
          entropy,
          static_cast<float>(scale * (policy.loss + beta * kl)),
          static_cast<float>(kl),
          policy.clipped_low ? 1.0f : 0.0f,
          policy.clipped_high ? 1.0f : 0.0f};
}

}  // namespace glossa
