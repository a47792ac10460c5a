// Losses in which a token depends on others: ratios of whole sequences, the tokens of most entropy, sequences that are
// left out. They are computed from the log-probabilities and entropies of a first sweep over the whole step; the
// gradient pass then has only to apply their slopes.
#pragma once
#include "loss/token_loss.h"

namespace glossa {

// A row of the step: n loss tokens, arrays aligned with them. Read: logp and entropy of the results; written: the rest
// of them, and the slopes. old_logps null: on policy. ref_logps may be null where beta is 0.
struct SequenceTerms {
  int64_t n;
  TokenResult* results;
  TokenSlope* slopes;
  const float *old_logps, *ref_logps;
  float advantage, scale;
};
void sequence_losses(const LossSettings&, const std::vector<SequenceTerms>& step);

}  // namespace glossa
