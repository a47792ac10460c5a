#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "loss/loss_ref.h"
#include "loss/loss_sums.h"
#include "loss/sequence_loss.h"
#include "ops/test_values.h"
#include "tool/test.h"

namespace glossa {
namespace {

constexpr int64_t kLongest = 9;

// Sequences of 1 to 7 tokens on both sides of every bound; every third has advantage 0.
std::vector<ref::Row> random_step(uint32_t seed, size_t rows) {
  std::vector<ref::Row> step;
  for (size_t i = 0; i < rows; ++i) {
    const int64_t n = static_cast<int64_t>((i * 5 + seed) % 7) + 1;
    const uint32_t key = seed * 100 + static_cast<uint32_t>(i);
    const std::vector<float> l = test::random_values(key, n, 2), o = test::random_values(key + 1000, n, 1.6f),
                             r = test::random_values(key + 2000, n, 1), h = test::random_values(key + 3000, n, 1);
    ref::Row row;
    for (size_t t = 0; t < l.size(); ++t) {
      // Values of float32, so that both sides are given the same numbers.
      const float logp = -1.5f - std::fabs(l[t]);
      row.logps.push_back(static_cast<double>(logp));
      row.old_logps.push_back(static_cast<double>(logp + 0.5f * o[t]));
      row.ref_logps.push_back(static_cast<double>(logp + 0.5f * r[t]));
      row.entropies.push_back(static_cast<double>(1.5f + h[t]));
    }
    row.advantage = i % 3 == 2 ? 0 : i % 2 ? -0.75 : 1.25;
    row.dropped = i % 5 == 4;
    step.push_back(row);
  }
  return step;
}

struct Computed {
  LossMetrics metrics;
  std::vector<std::vector<TokenResult>> results;
  std::vector<std::vector<TokenSlope>> slopes;  // empty rows where dropped
};

std::vector<float> narrowed(const std::vector<double>& x) {
  return {x.begin(), x.end()};
}

// As the training step goes about it; `sweep` even where it is not needed.
Computed compute(const LossSettings& s, const std::vector<ref::Row>& rows, bool sweep) {
  std::vector<int64_t> lengths;
  std::vector<uint8_t> mask;
  int64_t kept = 0;
  for (const ref::Row& r : rows) {
    lengths.push_back(static_cast<int64_t>(r.logps.size()));
    mask.push_back(r.dropped ? 0 : 1);
    if (!r.dropped) kept += lengths.back();
  }
  const std::vector<float> scales = loss_scales(s.type->normaliser, lengths, mask.data(), kLongest);
  Computed c{{}, std::vector<std::vector<TokenResult>>(rows.size()), std::vector<std::vector<TokenSlope>>(rows.size())};
  std::vector<std::vector<float>> old, ref;
  std::vector<SequenceTerms> step;
  for (size_t i = 0; i < rows.size(); ++i) {
    old.push_back(narrowed(rows[i].old_logps));
    ref.push_back(narrowed(rows[i].ref_logps));
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    if (mask[i] == 0) continue;
    for (size_t t = 0; t < rows[i].logps.size(); ++t)
      c.results[i].push_back(
          {static_cast<float>(rows[i].logps[t]), static_cast<float>(rows[i].entropies[t]), 0, 0, 0, 0, 0, 0});
    c.slopes[i].resize(c.results[i].size());
    step.push_back({lengths[i], c.results[i].data(), c.slopes[i].data(), old[i].empty() ? nullptr : old[i].data(),
                    ref[i].data(), static_cast<float>(rows[i].advantage), scales[i]});
  }
  LossSums sums(s);
  if (sweep) sequence_losses(s, step);
  for (const SequenceTerms& t : step) {
    for (int64_t j = 0; !sweep && j < t.n; ++j) {
      TokenResult& r = t.results[j];
      r = token_loss(
          s, {t.advantage, t.old_logps ? t.old_logps[j] : r.logp, t.ref_logps[j], t.scale, entropy_bonus(s, kept)},
          r.logp, r.entropy, &t.slopes[j]);
    }
    sums.add(t.results, t.n);
  }
  sums.report(&c.metrics);
  return c;
}

struct Variant {
  const char* name;
  void (*set)(LossSettings*);
};
// What can be asked of every loss that has a ratio.
const Variant kVariants[] = {
    {"plain", [](LossSettings*) {}},
    {"sequence", [](LossSettings* s) { s->importance_sampling_level = ImportanceLevel::sequence; }},
    {"delta", [](LossSettings* s) { s->delta = 1.4f; }},
    {"small delta", [](LossSettings* s) { s->delta = 1.1f; }},
    {"k1", [](LossSettings* s) { s->beta = 0.1f, s->kl_estimator = KlEstimator::k1; }},
    {"k2", [](LossSettings* s) { s->beta = 0.1f, s->kl_estimator = KlEstimator::k2; }},
    {"k3", [](LossSettings* s) { s->beta = 0.1f; }},
    {"k1, corrected",
     [](LossSettings* s) { s->beta = 0.1f, s->kl_estimator = KlEstimator::k1, s->use_bias_correction_kl = true; }},
    {"k3, corrected", [](LossSettings* s) { s->beta = 0.1f, s->use_bias_correction_kl = true; }},
    {"k3, corrected by the sequence",
     [](LossSettings* s) {
       s->beta = 0.1f, s->use_bias_correction_kl = true, s->importance_sampling_level = ImportanceLevel::sequence;
     }},
    {"entropy", [](LossSettings* s) { s->entropy_coef = 0.3f; }},
    {"top entropy", [](LossSettings* s) { s->top_entropy_quantile = 0.3f, s->entropy_coef = 0.3f; }},
    {"top entropy of sequences",
     [](LossSettings* s) { s->top_entropy_quantile = 0.3f, s->importance_sampling_level = ImportanceLevel::sequence; }},
    {"off-policy mask", [](LossSettings* s) { s->off_policy_mask_threshold = 0.05f, s->beta = 0.1f; }},
};

template <class F>
void for_each_case(F f) {
  for (const Loss& loss : losses()) {
    LossSettings s;
    s.type = &loss;
    s.epsilon_high = 0.28f;
    if (s.supervised()) continue;
    for (const Variant& v : kVariants) {
      LossSettings with = s;
      v.set(&with);
      f(with, std::string(loss.name) + ", " + v.name);
    }
  }
}

}  // namespace

TEST("losses: value and slopes of a whole step match float64 and its central differences, for every loss and setting") {
  for_each_case([](const LossSettings& s, const std::string& name) {
    for (uint32_t seed : {1u, 2u, 3u}) {
      std::vector<ref::Row> rows = random_step(seed, 8);
      const std::vector<ref::Row> at = rows;
      const Computed got = compute(s, rows, needs_sweep(s, false));
      const double want = ref::step_loss(s, kLongest, rows, at);
      if (std::fabs(got.metrics.loss - want) > 1e-6 * (1 + std::fabs(want)))
        test::fail(__FILE__, __LINE__,
                   name + ": loss " + std::to_string(got.metrics.loss) + ", want " + std::to_string(want));
      double error = 0, norm = 0;
      for (size_t i = 0; i < rows.size(); ++i)
        for (size_t t = 0; t < got.slopes[i].size(); ++t) {
          auto difference = [&](double* x) {
            const double h = 1e-6, kept = *x;
            *x = kept + h;
            const double up = ref::step_loss(s, kLongest, rows, at);
            *x = kept - h;
            const double down = ref::step_loss(s, kLongest, rows, at);
            *x = kept;
            return (up - down) / (2 * h);
          };
          const double logp = difference(&rows[i].logps[t]), entropy = difference(&rows[i].entropies[t]);
          error += std::pow(logp - static_cast<double>(got.slopes[i][t].logp), 2) +
                   std::pow(entropy - static_cast<double>(got.slopes[i][t].entropy), 2);
          norm += logp * logp + entropy * entropy;
        }
      if (!(norm > 0) || !(std::sqrt(error / norm) <= 1e-6))
        test::fail(__FILE__, __LINE__, name + ": slopes are " + std::to_string(std::sqrt(error / norm)) + " off");
    }
  });
}

TEST("losses: where no sweep is needed, one over the whole step gives every token the same bits") {
  for_each_case([](const LossSettings& s, const std::string& name) {
    if (needs_sweep(s, false)) return;
    const std::vector<ref::Row> rows = random_step(4, 8);
    const Computed a = compute(s, rows, false), b = compute(s, rows, true);
    for (size_t i = 0; i < rows.size(); ++i)
      for (size_t t = 0; t < a.slopes[i].size(); ++t)
        if (a.slopes[i][t].logp != b.slopes[i][t].logp || a.slopes[i][t].entropy != b.slopes[i][t].entropy ||
            a.results[i][t].loss != b.results[i][t].loss)
          test::fail(__FILE__, __LINE__, name + ": the two ways differ");
  });
}

TEST(
    "losses: on policy every ratio is 1, no sweep is needed but for what depends on other tokens, and nothing is "
    "clipped") {
  for_each_case([](const LossSettings& s, const std::string& name) {
    std::vector<ref::Row> rows = random_step(5, 8), given = rows;
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i].old_logps.clear();
      given[i].old_logps = given[i].logps;
    }
    const bool needed = needs_sweep(s, true);
    CHECK(needed == (s.top_entropy_quantile < 1 || s.type->through_product() ||
                     (s.importance_sampling_level == ImportanceLevel::sequence && s.use_bias_correction_kl)));
    const Computed got = compute(s, rows, needed), want = compute(s, given, true);
    CHECK_NEAR(got.metrics.loss, want.metrics.loss, 1e-9);
    for (size_t i = 0; i < rows.size(); ++i)
      for (size_t t = 0; t < got.slopes[i].size(); ++t)
        if (std::fabs(got.slopes[i][t].logp - want.slopes[i][t].logp) > 1e-7f * std::fabs(want.slopes[i][t].logp))
          test::fail(__FILE__, __LINE__, name + ": a slope differs from the one with the sampler's values given");
    if (s.type->through_ratio) CHECK_EQ(got.metrics.clip_region_mean, 0.0);
    CHECK_NEAR(got.metrics.weight_mean, 1, 1e-7);
  });
}

TEST("losses: on policy the gradient of every loss but the supervised one is REINFORCE's") {
  for (const Loss& loss : losses()) {
    LossSettings s;
    s.type = &loss;
    s.epsilon_high = 5;
    if (s.supervised()) continue;
    for (float advantage : {2.0f, -0.5f}) {
      s.sapo_temperature_neg = s.sapo_temperature_pos = 1;
      TokenSlope slope;
      const TokenResult r = token_loss(s, {advantage, -3, -3, 0.25f, 0}, -3, 1, &slope);
      CHECK_EQ(slope.logp, -0.25f * advantage);
      CHECK(slope.entropy == 0 && r.kl == 0 && r.clip_low == 0 && r.clip_high == 0);
    }
  }
}

TEST("losses: vespo's product of ratios is bounded, token by token and in all") {
  auto weight = [](const LossSettings& s, const std::vector<float>& log_ratios) {
    ref::Row row;
    for (const float q : log_ratios) {
      row.logps.push_back(-0.5);
      row.old_logps.push_back(static_cast<double>(-0.5f - q));
      row.ref_logps.push_back(-0.5);
      row.entropies.push_back(1);
    }
    row.advantage = 1;
    return compute(s, {row}, true).metrics.weight_mean;
  };
  LossSettings s;
  s.type = find_loss("vespo");
  s.vespo_k_pos = 0.05f;
  s.vespo_lambda_pos = 0.5f;
  const double k = static_cast<double>(s.vespo_k_pos), lambda = 0.5, least = std::log(1e-8);
  const double low = std::exp(lambda + k * least - lambda * 1e-8);
  CHECK_NEAR(weight(s, {-8, -8, -8}), low, 1e-6);
  CHECK_NEAR(weight(s, {-100, 19}), std::exp(lambda - k - lambda * std::exp(-1)), 1e-6);
  CHECK_NEAR(weight(s, {100, -21, 1}), std::exp(lambda + k - lambda * std::exp(1)), 1e-6);
  CHECK_EQ(weight(s, {20, 20, 20}), 0.0);
  // The least lambda is not 0, and what is no number weighs nothing.
  s.vespo_lambda_pos = 0;
  s.vespo_k_pos = 1;
  CHECK_NEAR(weight(s, {10}) / std::exp(1e-4 + 10 - 1e-4 * std::exp(10)), 1, 1e-5);
  s.vespo_k_pos = 100;
  CHECK_EQ(weight(s, {15}), 0.0);
}

TEST("losses: what a row of the table says it reads are settings") {
  std::vector<std::string> settings{"importance_sampling_level"};
  for (const LossNumber& n : loss_numbers()) settings.push_back(n.name);
  auto known = [&](const std::string& name) { return std::count(settings.begin(), settings.end(), name) == 1; };
  for (const Loss& loss : losses()) {
    CHECK(find_loss(loss.name) == &loss);
    for (const char* name : loss.reads) CHECK(known(name));
    if (loss.needs) CHECK(known(loss.needs));
  }
  CHECK(find_loss("ppo") == nullptr);
  CHECK(losses()[0].ratio == RatioOf::none);
}

TEST("losses: a masked token and a zero advantage give slopes of exactly 0") {
  for_each_case([](const LossSettings& s, const std::string&) {
    if (s.importance_sampling_level == ImportanceLevel::sequence || needs_sweep(s, false)) return;
    TokenSlope slope;
    token_loss(s, {1, -3, -2, 0, 0}, -3.1f, 1, &slope);
    CHECK(slope.logp == 0 && slope.entropy == 0);
    if (s.beta == 0) token_loss(s, {0, -3, -2, 1, 0}, -3.1f, 1, &slope);
    CHECK_EQ(slope.logp, 0.0f);
  });
}

TEST("losses: k3 and k2 are never negative, and 0 where policy and reference agree") {
  for (KlEstimator k : {KlEstimator::k1, KlEstimator::k2, KlEstimator::k3}) {
    LossSettings s;
    s.type = find_loss("dapo");
    s.beta = 1;
    s.kl_estimator = k;
    TokenSlope slope;
    for (float ref : {-9.0f, -3.0f, -0.5f}) {
      const TokenResult r = token_loss(s, {0, -3, ref, 1, 0}, -3, 1, &slope);
      if (ref == -3) CHECK(r.kl == 0 && (k == KlEstimator::k1 || slope.logp == 0));
      if (k != KlEstimator::k1) CHECK(r.kl >= 0);
    }
  }
}

TEST("losses: the normalisers of TRL, masked rows left out of the tokens but not of the rows") {
  const uint8_t mask[3] = {1, 0, 1};
  auto scales = [&](const char* loss) { return loss_scales(find_loss(loss)->normaliser, {4, 2, 6}, mask, 8); };
  for (const char* loss : {"supervised", "dapo", "bnpo", "cispo", "vespo"})
    CHECK(scales(loss) == (std::vector<float>{0.1f, 0, 0.1f}));
  for (const char* loss : {"grpo", "sapo", "rloo"})
    CHECK(scales(loss) == (std::vector<float>{1 / 12.0f, 0, 1 / 18.0f}));
  CHECK(scales("dr_grpo") == (std::vector<float>{1 / 24.0f, 0, 1 / 24.0f}));
  CHECK(scales("luspo") == (std::vector<float>{1 / 3.0f, 0, 1 / 3.0f}));
  CHECK(loss_scales(Normaliser::tokens, {4, 4}, nullptr, 0) == (std::vector<float>{0.125f, 0.125f}));
}

}  // namespace glossa
