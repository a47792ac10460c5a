// The head as a specification: plain float64.
#pragma once
#include <cstdint>
#include <vector>

#include "ops/head/head.h"

namespace glossa::ref {

struct HeadRow {
  double logp, entropy;
};
// log p(target) and entropy (nats) of softmax(logits * inv_temperature).
HeadRow head_row(const std::vector<double>& logits, double inv_temperature, int32_t target);

struct TokenLoss {
  double loss, kl, clip_low, clip_high;
};
// The scaled loss of one token, written as TRL writes it (min of two products), without its derivative.
TokenLoss token_loss(const LossSettings& settings, const TokenTerms& terms, double logp);

// d logp(target) / d logits, for each logit.
std::vector<double> logp_gradient(const std::vector<double>& logits, double inv_temperature, int32_t target);

}  // namespace glossa::ref
