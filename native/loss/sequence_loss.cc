#include "loss/sequence_loss.h"

#include <algorithm>
#include <cmath>

#include "loss/policy.h"

namespace glossa {

bool needs_sweep(const LossSettings& s, bool on_policy) {
  if (s.supervised()) return false;
  if (s.top_entropy_quantile < 1 || s.type->through_product()) return true;
  const bool of_sequence = s.importance_sampling_level == ImportanceLevel::sequence;
  // On policy every ratio is 1, and only a sum over the sequence's KL is more than a token can know of.
  if (on_policy) return of_sequence && s.beta != 0 && s.use_bias_correction_kl;
  return of_sequence || s.type->ratio == RatioOf::product || s.off_policy_mask_threshold < kNoBound;
}

namespace {

// The entropy from which on the policy learns from a token: the (1 - top_entropy_quantile) quantile of the step's,
// interpolated as torch.quantile does it.
float entropy_floor(const LossSettings& s, const std::vector<SequenceTerms>& step) {
  std::vector<float> entropies;
  for (const SequenceTerms& t : step)
    for (int64_t i = 0; i < t.n; ++i)
      // What is not finite is refused where the results are summed.
      if (std::isfinite(t.results[i].entropy)) entropies.push_back(t.results[i].entropy);
  if (s.top_entropy_quantile >= 1 || entropies.empty()) return -kNoBound;
  // In float32, as TRL has it: which token stands on the edge depends on the rounding.
  const float share = static_cast<float>(1 - static_cast<double>(s.top_entropy_quantile)),
              rank = share * static_cast<float>(entropies.size() - 1), below = std::floor(rank), part = rank - below;
  std::sort(entropies.begin(), entropies.end());
  const size_t at = static_cast<size_t>(below);
  const float a = entropies[at], b = entropies[std::min(at + 1, entropies.size() - 1)];
  return part < 0.5f ? a + part * (b - a) : b - (b - a) * (1 - part);
}

// bonus: of a token whose entropy is at least `floor`.
void sequence_loss(const LossSettings& s, const SequenceTerms& t, float floor, float bonus) {
  const bool of_sequence = s.importance_sampling_level == ImportanceLevel::sequence;
  const double n = static_cast<double>(t.n), advantage = t.advantage, scale = t.scale;
  auto log_ratio = [&](int64_t i) {
    return t.old_logps ? static_cast<double>(t.results[i].logp) - static_cast<double>(t.old_logps[i]) : 0.0;
  };
  double sum = 0, product = 0;
  for (int64_t i = 0; i < t.n; ++i) {
    sum += log_ratio(i);
    product += product_term(log_ratio(i));
  }
  // DeepSeek-V3.2 (arXiv 2512.02556), equation 9.
  const bool left_out = advantage < 0 && -sum / n > static_cast<double>(s.off_policy_mask_threshold);
  double shared = 0, joint = 0;
  for (int64_t i = 0; i < t.n; ++i) {
    const float logp = t.results[i].logp, entropy = t.results[i].entropy;
    const double level = of_sequence ? sum / n : log_ratio(i);
    const bool high = entropy >= floor;
    const TokenParts parts =
        token_parts(s, advantage, s.type->ratio == RatioOf::product ? product : level, level, static_cast<double>(logp),
                    t.ref_logps ? static_cast<double>(t.ref_logps[i]) : 0.0, high && !left_out);
    t.results[i] = token_result(parts, t.scale, logp, entropy, high);
    const double moved = s.type->through_product() && high && !left_out ? parts.policy.slope : 0;
    joint += moved;
    if (of_sequence) shared += parts.ratio_slope - moved;
    t.slopes[i] = {static_cast<float>(scale * (of_sequence ? parts.slope : parts.ratio_slope - moved + parts.slope)),
                   high ? -bonus : 0};
  }
  // A ratio of the sequence moves by 1 / n with each of its tokens, a product by 1, those that the policy does not
  // learn from included.
  if (of_sequence)
    for (int64_t i = 0; i < t.n; ++i) t.slopes[i].logp += static_cast<float>(scale * shared / n);
  if (s.type->through_product())
    for (int64_t i = 0; i < t.n; ++i) t.slopes[i].logp += static_cast<float>(scale * joint);
}

}  // namespace

void sequence_losses(const LossSettings& s, const std::vector<SequenceTerms>& step) {
  const float floor = entropy_floor(s, step);
  int64_t kept = 0;
  for (const SequenceTerms& t : step)
    for (int64_t i = 0; i < t.n; ++i) kept += t.results[i].entropy >= floor;
  for (const SequenceTerms& t : step) sequence_loss(s, t, floor, entropy_bonus(s, kept));
}

}  // namespace glossa
