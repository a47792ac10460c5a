#include "loss/loss_ref.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace glossa::ref {
namespace {

using Values = std::vector<double>;

double quantile(Values x, double q) {
  if (x.empty()) return -INFINITY;
  std::sort(x.begin(), x.end());
  const double rank = q * static_cast<double>(x.size() - 1);
  const size_t low = static_cast<size_t>(std::floor(rank)), high = std::min(low + 1, x.size() - 1);
  return x[low] + (rank - std::floor(rank)) * (x[high] - x[low]);
}

Values log_ratios(const Row& r) {
  Values q(r.logps.size());
  for (size_t t = 0; t < q.size(); ++t) q[t] = r.logps[t] - r.old_logps[t];
  return q;
}

double sum(const Values& x) {
  double s = 0;
  for (double v : x) s += v;
  return s;
}

double vespo_phi(const LossSettings& s, const Row& at) {
  double log_w = 0;
  for (double q : log_ratios(at)) log_w += std::clamp(q, -20.0, 20.0);
  log_w = std::clamp(log_w, std::log(1e-8), 20.0);
  const bool positive = at.advantage >= 0;
  const double k = static_cast<double>(positive ? s.vespo_k_pos : s.vespo_k_neg),
               lambda = static_cast<double>(positive ? s.vespo_lambda_pos : s.vespo_lambda_neg);
  return std::exp(lambda + k * log_w - lambda * std::exp(log_w));
}

double policy(const LossSettings& s, const std::string& type, const Row& at, double c, double c_at, double logp) {
  const double a = at.advantage, low = 1 - static_cast<double>(s.epsilon),
               eps_high = static_cast<double>(s.epsilon_high);
  if (type == "supervised") return -logp;
  if (type == "cispo") return -std::min(c_at, eps_high) * a * logp;
  if (type == "vespo") return -vespo_phi(s, at) * a * logp;
  if (type == "sapo") {
    const double tau = static_cast<double>(a > 0 ? s.sapo_temperature_pos : s.sapo_temperature_neg);
    return -a * 4 / tau / (1 + std::exp(-tau * (c - 1)));
  }
  return -std::min(std::min(c, static_cast<double>(s.delta)) * a, std::clamp(c, low, 1 + eps_high) * a);
}

double kl(const LossSettings& s, double l, double r) {
  if (s.kl_estimator == KlEstimator::k1) return l - r;
  if (s.kl_estimator == KlEstimator::k2) return 0.5 * (l - r) * (l - r);
  return std::exp(r - l) - (r - l) - 1;
}

}  // namespace

double step_loss(const LossSettings& s, double max_completion_length, const std::vector<Row>& rows,
                 const std::vector<Row>& at) {
  const std::string type = s.type->name;
  Values all;
  for (const Row& r : at)
    if (!r.dropped) all.insert(all.end(), r.entropies.begin(), r.entropies.end());
  const double floor = s.top_entropy_quantile < 1 ? quantile(all, 1 - static_cast<double>(s.top_entropy_quantile)) : -1;
  double n_all = 0, loss = 0, entropy = 0, kept = 0;
  for (const Row& r : at)
    if (!r.dropped) n_all += static_cast<double>(r.logps.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row &r = rows[i], &fixed = at[i];
    if (r.dropped) continue;
    const double n = static_cast<double>(r.logps.size()), batch = static_cast<double>(rows.size());
    double divisor = std::max(n_all, 1.0);
    if (type == "grpo" || type == "sapo" || type == "rloo") divisor = batch * n;
    if (type == "dr_grpo") divisor = batch * max_completion_length;
    if (type == "luspo") divisor = batch;
    Values q(r.logps.size()), q_at(q);
    if (type != "supervised") q = log_ratios(r), q_at = log_ratios(fixed);
    const bool out = r.advantage < 0 && -sum(q_at) / n > static_cast<double>(s.off_policy_mask_threshold);
    const double product = std::exp(sum(q)), product_at = std::exp(sum(q_at));
    if (s.importance_sampling_level == ImportanceLevel::sequence) {
      q.assign(q.size(), sum(q) / n);
      q_at.assign(q.size(), sum(q_at) / n);
    }
    for (size_t t = 0; t < r.logps.size(); ++t) {
      const bool high = fixed.entropies[t] >= floor;
      const bool of_product = type == "rloo";
      double l = policy(s, type, fixed, of_product ? product : std::exp(q[t]),
                        of_product ? product_at : std::exp(q_at[t]), r.logps[t]);
      if (!high || out) l = 0;
      if (s.beta != 0)
        l += static_cast<double>(s.beta) * kl(s, r.logps[t], r.ref_logps[t]) *
             (s.use_bias_correction_kl ? std::exp(q[t]) : 1);
      loss += l / divisor;
      if (high) entropy += r.entropies[t];
      if (high) ++kept;
    }
  }
  return loss - static_cast<double>(s.entropy_coef) * entropy / std::max(kept, 1.0);
}

}  // namespace glossa::ref
