// Every loss of the table from the logits of a step to its value and the gradient of every logit, the way that a
// training step goes, against central differences of the float64 step.
#include <cmath>
#include <string>

#include "loss/loss_ref.h"
#include "loss/loss_sums.h"
#include "loss/sequence_loss.h"
#include "ops/head/head_ref.h"
#include "ops/test_device.h"

using namespace glossa;
using namespace glossa::test;

namespace {

constexpr int64_t kVocab = 37, kLongest = 6;
constexpr int64_t kLengths[] = {3, 1, 4};
constexpr float kAdvantages[] = {0.8f, -0.6f, -1.1f};
constexpr float kInvTemperature = 1 / 0.9f;

struct Step {
  std::vector<float> logits;                // [tokens][kVocab]
  std::vector<int32_t> targets;             // [tokens]
  std::vector<float> old_logps, ref_logps;  // [tokens]
  std::vector<ref::Row> rows;               // the same in float64
};

ref::HeadRow head_of(const Step& step, const std::vector<double>& logits, size_t token) {
  const auto from = logits.begin() + static_cast<std::ptrdiff_t>(token) * kVocab;
  return ref::head_row({from, from + kVocab}, static_cast<double>(kInvTemperature), step.targets[token]);
}

Step make_step() {
  Step s;
  int64_t tokens = 0;
  for (int64_t n : kLengths) tokens += n;
  s.logits = random_values(11, tokens * kVocab, 3);
  const std::vector<double> exact = to_double(s.logits);
  const std::vector<float> old = random_values(12, tokens, 1), ref = random_values(13, tokens, 1);
  size_t token = 0;
  for (size_t i = 0; i < std::size(kLengths); ++i) {
    ref::Row row;
    row.advantage = static_cast<double>(kAdvantages[i]);
    for (int64_t t = 0; t < kLengths[i]; ++t, ++token) {
      s.targets.push_back(static_cast<int32_t>(token * 7 % kVocab));
      const ref::HeadRow head = head_of(s, exact, token);
      s.old_logps.push_back(static_cast<float>(head.logp) + 0.4f * old[token]);
      s.ref_logps.push_back(static_cast<float>(head.logp) + 0.4f * ref[token]);
      row.logps.push_back(head.logp);
      row.entropies.push_back(head.entropy);
      row.old_logps.push_back(static_cast<double>(s.old_logps.back()));
      row.ref_logps.push_back(static_cast<double>(s.ref_logps.back()));
    }
    s.rows.push_back(row);
  }
  return s;
}

// d step_loss / d logit, of every logit.
std::vector<double> gradient_of(const LossSettings& settings, const Step& step) {
  std::vector<ref::Row> rows = step.rows;
  std::vector<double> logits = to_double(step.logits), gradient;
  size_t token = 0;
  for (ref::Row& row : rows)
    for (size_t t = 0; t < row.logps.size(); ++t, ++token) {
      const ref::HeadRow there{row.logps[t], row.entropies[t]};
      for (size_t j = 0; j < static_cast<size_t>(kVocab); ++j) {
        double& x = logits[token * kVocab + j];
        const double kept = x, h = 1e-6;
        auto loss_at = [&](double moved) {
          x = moved;
          const ref::HeadRow head = head_of(step, logits, token);
          row.logps[t] = head.logp, row.entropies[t] = head.entropy;
          return ref::step_loss(settings, kLongest, rows, step.rows);
        };
        gradient.push_back((loss_at(kept + h) - loss_at(kept - h)) / (2 * h));
        x = kept;
      }
      row.logps[t] = there.logp, row.entropies[t] = there.entropy;
    }
  return gradient;
}

// Of a device, as engine/train.cc goes about it.
struct Computed {
  double loss;
  std::vector<float> gradient;
};
Computed compute(TestDevice& d, const LossSettings& settings, const Step& step) {
  const int64_t tokens = static_cast<int64_t>(step.targets.size());
  const std::vector<float> scales =
      loss_scales(settings.type->normaliser, {std::begin(kLengths), std::end(kLengths)}, nullptr, kLongest);
  const float bonus = entropy_bonus(settings, tokens);
  std::vector<TokenResult> results(step.targets.size());
  std::vector<TokenSlope> slopes(step.targets.size());
  std::vector<TokenTerms> terms;
  std::vector<SequenceTerms> sequences;
  for (size_t i = 0; i < std::size(kLengths); ++i) {
    const size_t at = terms.size();
    sequences.push_back(
        {kLengths[i], &results[at], &slopes[at], &step.old_logps[at], &step.ref_logps[at], kAdvantages[i], scales[i]});
    for (int64_t t = 0; t < kLengths[i]; ++t) {
      const size_t token = terms.size();
      terms.push_back({kAdvantages[i], step.old_logps[token], step.ref_logps[token], scales[i], bonus});
    }
  }
  Array logits(d, Dtype::f32, {tokens, kVocab, 3});
  logits.set(step.logits);
  TokenLosses losses{settings, kInvTemperature, step.targets.data(), terms.data(), false, results.data(), nullptr};
  if (needs_sweep(settings, false)) {
    std::vector<float> logps(step.targets.size()), entropies(logps);
    d.run([&](Ops& ops) {
      ops.logps(logits.rows(), kInvTemperature, step.targets.data(), logps.data(), entropies.data(), tokens);
    });
    for (size_t i = 0; i < results.size(); ++i) results[i].logp = logps[i], results[i].entropy = entropies[i];
    sequence_losses(settings, sequences);
    losses.slopes = slopes.data();
  }
  d.run([&](Ops& ops) { ops.token_losses(logits.rows(), logits.rows(), losses, tokens); });
  LossSums sums(settings);
  for (const SequenceTerms& s : sequences) sums.add(s.results, s.n);
  LossMetrics metrics;
  sums.report(&metrics);
  return {metrics.loss, logits.get()};
}

}  // namespace

TEST("head: every loss of the table, from a step's logits to its value and its gradient, is that of float64") {
  const Step step = make_step();
  for (const Loss& loss : losses())
    for (int variant = 0; variant < (loss.ratio == RatioOf::none ? 1 : 3); ++variant) {
      LossSettings s;
      s.type = &loss;
      s.epsilon_high = std::string(loss.name) == "cispo" ? 1.1f : 0.28f;
      if (variant > 0) s.beta = 0.1f, s.entropy_coef = 0.2f;
      if (variant > 1) s.importance_sampling_level = ImportanceLevel::sequence;
      const double want = ref::step_loss(s, kLongest, step.rows, step.rows);
      const std::vector<double> gradient = gradient_of(s, step);
      double norm = 0;
      for (double g : gradient) norm += g * g;
      CHECK(norm > 1e-4);
      each_device([&](TestDevice& d) {
        const Computed got = compute(d, s, step);
        double error = 0;
        for (size_t i = 0; i < gradient.size(); ++i)
          error += std::pow(static_cast<double>(got.gradient[i]) - gradient[i], 2);
        if (!(std::fabs(got.loss - want) <= 3e-6 * (1 + std::fabs(want))) || !(std::sqrt(error / norm) <= 1e-5))
          test::fail(__FILE__, __LINE__,
                     loss.name + std::string(", variant ") + std::to_string(variant) + ": loss " +
                         std::to_string(got.loss) + ", want " + std::to_string(want) + "; gradient " +
                         std::to_string(std::sqrt(error / norm)) + " off");
      });
    }
}
