#include "loss/token_loss.h"

#include <cmath>

#include "loss/kl.h"

namespace glossa {

TokenParts token_parts(const LossSettings& s, double advantage, double log_ratio, double level_log_ratio, double logp,
                       double ref_logp, bool kept) {
  TokenParts t{s.type->policy(s, log_ratio, advantage, logp), 0, 0, 0, 0};
  if (kept) {
    t.loss = t.policy.loss;
    (s.type->through_ratio ? t.ratio_slope : t.slope) = t.policy.slope;
  }
  const double beta = s.beta;
  if (beta == 0) return t;
  const KlEstimate kl = kl_estimate(s.kl_estimator, logp, ref_logp);
  const double ratio = s.use_bias_correction_kl ? std::exp(level_log_ratio) : 1;
  t.kl = kl.value * ratio;
  t.loss += beta * t.kl;
  t.slope += beta * kl.slope * ratio;
  if (s.use_bias_correction_kl) t.ratio_slope += beta * t.kl;
  return t;
}

TokenResult token_result(const TokenParts& t, float scale, float logp, float entropy, bool high) {
  return {logp,
          entropy,
          static_cast<float>(static_cast<double>(scale) * t.loss),
          static_cast<float>(t.kl),
          t.policy.clipped_low ? 1.0f : 0.0f,
          t.policy.clipped_high ? 1.0f : 0.0f,
          high ? 1.0f : 0.0f,
          static_cast<float>(t.policy.weight)};
}

TokenResult token_loss(const LossSettings& s, const TokenTerms& terms, float logp, float entropy, TokenSlope* slope) {
  const double log_ratio = s.supervised() ? 0 : static_cast<double>(logp) - static_cast<double>(terms.old_logp);
  const TokenParts t = token_parts(s, static_cast<double>(terms.advantage), log_ratio, log_ratio,
                                   static_cast<double>(logp), static_cast<double>(terms.ref_logp), true);
  slope->logp = static_cast<float>(static_cast<double>(terms.scale) * (t.ratio_slope + t.slope));
  slope->entropy = -terms.bonus;
  return token_result(t, terms.scale, logp, entropy, true);
}

}  // namespace glossa
