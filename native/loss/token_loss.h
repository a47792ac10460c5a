// The loss of one token and its slopes. One definition for every device.
#pragma once
#include "loss/loss.h"
#include "ops/head/head.h"

namespace glossa {

// scale: of loss_scales; 0 for a masked token. bonus: what a nat of its entropy takes off the loss (entropy_bonus).
struct TokenTerms {
  float advantage, old_logp, ref_logp, scale, bonus;
};
struct TokenResult {
  float logp, entropy;        // natural log, at the sampling temperature, full vocabulary
  float loss, kl;             // loss already scaled, without the entropy bonus; kl 0 where beta is 0
  float clip_low, clip_high;  // 1 where the ratio was outside the bound and the clip was active, else 0
  float high;                 // 1 where its entropy is among the top_entropy_quantile, else 0
  float weight;               // of the sequence's policy gradient: vespo's phi, else 1
  float top = 0;              // 1 where no other token is more probable; known of supervised steps alone
};

// What a token adds to the loss, before its scale, and how it moves: with its own log-probability, and with the
// log-ratio that it or its sequence has.
struct TokenParts {
  PolicyLoss policy;
  double loss, kl, slope, ratio_slope;
};
// log_ratio: what the formula takes. level_log_ratio: what importance_sampling_level says, for the KL's correction.
// kept: the policy learns from this token; its KL counts in either case.
TokenParts token_parts(const LossSettings&, double advantage, double log_ratio, double level_log_ratio, double logp,
                       double ref_logp, bool kept);
TokenResult token_result(const TokenParts&, float scale, float logp, float entropy, bool high);

// Where no token depends on another (needs_sweep is false).
TokenResult token_loss(const LossSettings&, const TokenTerms&, float logp, float entropy, TokenSlope* slope);

}  // namespace glossa
