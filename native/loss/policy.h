// The formulas of one token. In all of them l is the token's log-probability, A the advantage, c = exp(log_ratio).
#pragma once
#include <algorithm>
#include <cmath>

#include "loss/loss.h"

namespace glossa {

// Next-token cross-entropy: L = -l.
inline PolicyLoss cross_entropy(const LossSettings&, double, double, double logp) {
  return {-logp, -1};
}

// PPO's clipped surrogate (Schulman et al., arXiv 1707.06347) with a bound on both sides of a negative advantage
// (INTELLECT-2, arXiv 2505.07291): L = -min(min(c, delta) A, clamp(c, 1 - epsilon, 1 + epsilon_high) A).
inline PolicyLoss clipped_surrogate(const LossSettings& s, double log_ratio, double advantage, double) {
  const double c = std::exp(log_ratio), low = 1 - static_cast<double>(s.epsilon),
               high = 1 + static_cast<double>(s.epsilon_high), delta = s.delta;
  const double bounded = std::min(c, delta), clipped = std::clamp(c, low, high);
  PolicyLoss r{};
  r.clipped_low = bounded < low && advantage < 0;
  r.clipped_high = bounded > high && advantage > 0;
  const bool unclipped = bounded * advantage <= clipped * advantage;
  r.loss = unclipped ? -bounded * advantage : -clipped * advantage;
  if (unclipped ? c <= delta : c == clipped) r.slope = -c * advantage;
  return r;
}

// CISPO (MiniMax-M1, arXiv 2506.13585): L = -sg(min(c, epsilon_high)) A l. epsilon_high is the bound itself.
inline PolicyLoss capped_weight(const LossSettings& s, double log_ratio, double advantage, double logp) {
  const double c = std::exp(log_ratio), high = s.epsilon_high, weight = std::min(c, high);
  return {-weight * advantage * logp, -weight * advantage, false, c > high && advantage > 0};
}

// SAPO (arXiv 2511.20347): L = -A (4 / tau) sigmoid(tau (c - 1)), tau by the sign of A.
inline PolicyLoss soft_gate(const LossSettings& s, double log_ratio, double advantage, double) {
  const double c = std::exp(log_ratio), tau = advantage > 0 ? s.sapo_temperature_pos : s.sapo_temperature_neg;
  const double gate = 1 / (1 + std::exp(-tau * (c - 1)));
  return {-advantage * 4 / tau * gate, -4 * advantage * gate * (1 - gate) * c};
}

// VESPO: L = -sg(phi) A l, with w the product of the sequence's ratios and phi = exp(lambda + k log w - lambda w),
// which is 1 at w = 1; k and lambda by the sign of A. The bounds of log w are those of the paper's own code and of TRL.
inline PolicyLoss gamma_weight(const LossSettings& s, double log_ratio, double advantage, double logp) {
  const double k = advantage >= 0 ? s.vespo_k_pos : s.vespo_k_neg;
  const double lambda = std::max<double>(advantage >= 0 ? s.vespo_lambda_pos : s.vespo_lambda_neg, 1e-4);
  const double log_w = std::clamp(log_ratio, std::log(1e-8), 20.0);
  const double grown = std::exp(lambda + k * log_w - lambda * std::exp(log_w)), phi = std::isfinite(grown) ? grown : 0;
  return {-phi * advantage * logp, -phi * advantage, false, false, phi};
}
// A token's part in the product of its sequence.
inline double product_term(double log_ratio) {
  return std::clamp(log_ratio, -20.0, 20.0);
}

}  // namespace glossa
