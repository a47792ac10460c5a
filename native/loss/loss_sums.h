// The metrics of an optimizer step from the results of its tokens. Names and meaning: TRL's.
#pragma once
#include "loss/token_loss.h"

namespace glossa {

struct LossMetrics {
  double loss = 0, policy_loss = 0;  // policy_loss: without the entropy bonus
  double entropy = 0, kl = 0;        // means over tokens
  // Shares of tokens, of sequences where the ratio is that of a sequence; min and max: over sequences.
  double clip_low_mean = 0, clip_high_mean = 0, clip_region_mean = 0, clip_low_min = 0, clip_high_max = 0;
  double weight_mean = 0;     // over sequences
  double token_accuracy = 0;  // share of tokens that are the most probable one; of supervised steps alone
  int64_t loss_tokens = 0;
};

// Sums in the order in which sequences are added, in double.
class LossSums {
 public:
  explicit LossSums(const LossSettings& s)
      : of_sequence_(s.importance_sampling_level == ImportanceLevel::sequence && !s.supervised()),
        entropy_coef_(static_cast<double>(s.entropy_coef)) {}
  // A sequence of n >= 1 tokens.
  void add(const TokenResult* results, int64_t n);
  void report(LossMetrics* out) const;

 private:
  bool of_sequence_;
  double entropy_coef_;
  double loss_ = 0, entropy_ = 0, kept_entropy_ = 0, kept_ = 0, kl_ = 0;
  double low_ = 0, high_ = 0, low_min_ = 1, high_max_ = 0, weight_ = 0, top_ = 0;
  int64_t tokens_ = 0, sequences_ = 0;
};

}  // namespace glossa
