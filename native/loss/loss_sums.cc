#include "loss/loss_sums.h"

#include <algorithm>

namespace glossa {

void LossSums::add(const TokenResult* results, int64_t n) {
  double low = 0, high = 0;
  for (int64_t i = 0; i < n; ++i) {
    const TokenResult& r = results[i];
    loss_ += static_cast<double>(r.loss);
    entropy_ += static_cast<double>(r.entropy);
    if (r.high != 0) kept_entropy_ += static_cast<double>(r.entropy);
    kept_ += static_cast<double>(r.high);
    kl_ += static_cast<double>(r.kl);
    low += static_cast<double>(r.clip_low);
    high += static_cast<double>(r.clip_high);
    top_ += static_cast<double>(r.top);
  }
  const double length = static_cast<double>(n);
  tokens_ += n;
  ++sequences_;
  low_ += of_sequence_ ? low / length : low;
  high_ += of_sequence_ ? high / length : high;
  low_min_ = std::min(low_min_, low / length);
  high_max_ = std::max(high_max_, high / length);
  weight_ += static_cast<double>(results[0].weight);
}

void LossSums::report(LossMetrics* out) const {
  const double tokens = static_cast<double>(std::max<int64_t>(tokens_, 1)),
               sequences = static_cast<double>(std::max<int64_t>(sequences_, 1)),
               ratios = of_sequence_ ? sequences : tokens;
  out->loss = entropy_coef_ == 0 ? loss_ : loss_ - entropy_coef_ * kept_entropy_ / std::max(kept_, 1.0);
  out->policy_loss = loss_;
  out->loss_tokens = tokens_;
  out->entropy = entropy_ / tokens;
  out->kl = kl_ / tokens;
  out->clip_low_mean = low_ / ratios;
  out->clip_high_mean = high_ / ratios;
  out->clip_region_mean = (low_ + high_) / ratios;
  out->clip_low_min = tokens_ > 0 ? low_min_ : 0;
  out->clip_high_max = high_max_;
  out->weight_mean = weight_ / sequences;
  out->token_accuracy = top_ / tokens;
}

}  // namespace glossa
