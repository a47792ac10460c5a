#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <vector>

#include "ops/kernels.h"
#include "ops/sampling/sampling_ref.h"
#include "ops/test_values.h"
#include "tool/test.h"

namespace glossa {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
const SamplingSettings kPlain = {1, 0, 1, 0, 0x0123456789abcdefull};

std::vector<float> random_logits(int64_t v, float spread, uint32_t seed) {
  return test::random_values(seed, v, 2 * spread);
}

using Draw = decltype(SamplingKernels::draw);
std::vector<Draw> every_draw() {
  std::vector<Draw> draws;
  for (const std::string& isa : supported_isas()) draws.push_back(kernels_for(isa).value()->sampling->draw);
  return draws;
}

int32_t run(Draw draw, const std::vector<float>& logits, const SamplingSettings& settings, const DrawKey& key,
            const std::vector<float>& bias = {}) {
  std::vector<float> scratch(logits.size() + 1, std::nanf(""));
  int32_t token = draw(logits.data(), static_cast<int64_t>(logits.size()), bias.empty() ? nullptr : bias.data(),
                       settings, key, scratch.data());
  CHECK(std::isnan(scratch.back()));
  return token;
}

// Upper bound of a chi-square variate that is passed once in about 10^5 (Wilson and Hilferty's approximation).
double chi_square_bound(double freedom) {
  const double z = 4.3, a = 2 / (9 * freedom);
  return freedom * std::pow(1 - a + z * std::sqrt(a), 3);
}

// Draws and compares with the exact law; classes that are rarer than 8 expected draws go together.
void check_law(Draw draw, const std::vector<float>& logits, const SamplingSettings& settings, int draws,
               const std::vector<float>& bias = {}) {
  const std::vector<double> law = ref::sampling_law(logits, bias, settings);
  std::vector<int> counts(law.size());
  for (int i = 0; i < draws; ++i) {
    const uint32_t n = static_cast<uint32_t>(i);
    const int32_t token = run(draw, logits, settings, {n % 3, n / 50, n / 7, n % 7, n}, bias);
    CHECK(token >= 0 && token < static_cast<int32_t>(law.size()));
    if (token >= 0) ++counts[static_cast<size_t>(token)];
  }
  double chi_square = 0, classes = 0, rare_expected = 0, rare_count = 0;
  auto add = [&](double expected, double count) {
    chi_square += (count - expected) * (count - expected) / expected;
    ++classes;
  };
  for (size_t i = 0; i < law.size(); ++i) {
    const double expected = law[i] * draws;
    if (law[i] == 0) {
      CHECK_EQ(counts[i], 0);
    } else if (expected < 8) {
      rare_expected += expected;
      rare_count += counts[i];
    } else {
      add(expected, counts[i]);
    }
  }
  if (rare_expected > 1) add(rare_expected, rare_count);
  if (classes > 1) CHECK(chi_square < chi_square_bound(classes - 1));
}

}  // namespace

TEST("sampling: draws follow softmax, with and without temperature, filters and bias") {
  for (Draw draw : every_draw()) {
    const std::vector<float> small = random_logits(13, 1.5f, 1), large = random_logits(301, 2, 2);
    std::vector<float> bias(301);
    for (size_t i = 0; i < bias.size(); ++i) bias[i] = i % 5 == 0 ? -kInf : i % 7 == 0 ? 1.5f : 0;
    check_law(draw, small, kPlain, 10000);
    check_law(draw, large, kPlain, 10000);
    SamplingSettings s = kPlain;
    s.temperature = 0.6f;
    check_law(draw, large, s, 4000, bias);
    s.temperature = 1.7f;
    s.top_k = 20;
    check_law(draw, large, s, 4000);
    s.top_p = 0.8f;
    check_law(draw, large, s, 4000, bias);
    s.min_p = 0.2f;
    check_law(draw, large, s, 4000);
  }
}

TEST("sampling: rare tokens come as often as they should") {
  // One token in 2,000 beside a near-certain one: the far tail of the exponential variate decides.
  for (Draw draw : every_draw()) {
    std::vector<float> x = {0, std::log(5e-4f)};
    int rare = 0;
    for (uint32_t i = 0; i < 40000; ++i) rare += run(draw, x, kPlain, {0, 0, i, 0, 5});
    CHECK_NEAR(rare, 20, 4.3 * std::sqrt(20.0));
  }
}

TEST("sampling: what top-k, top-p and min-p keep is what sorting in float64 keeps") {
  std::mt19937 random(5);
  for (int trial = 0; trial < 40; ++trial) {
    const int64_t v = 1 + static_cast<int64_t>(random() % 70);
    const std::vector<float> x = random_logits(v, 0.7f, static_cast<uint32_t>(trial));
    SamplingSettings s = {1.3f, 0, 1, 0, random()};
    if (random() % 2) s.top_k = 1 + static_cast<int32_t>(random() % 80);
    if (random() % 2) s.top_p = 0.05f * static_cast<float>(1 + random() % 19) + 0.01f;
    if (random() % 2) s.min_p = 0.05f * static_cast<float>(1 + random() % 19);
    const std::vector<double> law = ref::sampling_law(x, {}, s);
    std::set<int32_t> want, rare;
    for (size_t i = 0; i < law.size(); ++i)
      if (law[i] > 0) (law[i] > 0.02 ? want : rare).insert(static_cast<int32_t>(i));
    for (Draw draw : every_draw()) {
      std::set<int32_t> got;
      for (uint32_t i = 0; i < 1000; ++i) got.insert(run(draw, x, s, {0, 0, 0, i, 0}));
      for (int32_t id : want) CHECK(got.count(id) == 1);
      for (int32_t id : got) CHECK(want.count(id) + rare.count(id) == 1);
    }
  }
}

TEST("sampling: ties at the edge of top-k and top-p are kept together") {
  const std::vector<float> x = {2, 1, 1, 1, 0, 0};
  for (Draw draw : every_draw()) {
    SamplingSettings s = {4, 2, 1, 0, 3};
    auto kept = [&] {
      std::set<int32_t> got;
      for (uint32_t i = 0; i < 500; ++i) got.insert(run(draw, x, s, {0, 0, i, 0, 0}));
      return got;
    };
    CHECK(kept() == (std::set<int32_t>{0, 1, 2, 3}));
    s.top_k = 0;
    s.top_p = 0.3f;
    CHECK(kept() == (std::set<int32_t>{0, 1, 2, 3}));
    s.top_p = 0;
    CHECK(kept() == std::set<int32_t>{0});
    s.top_p = 1;
    s.min_p = 1;
    CHECK(kept() == std::set<int32_t>{0});
  }
}

TEST("sampling: every draw is the one that the documented counters give") {
  std::mt19937 random(8);
  for (Draw draw : every_draw())
    for (int64_t v : {1, 3, 4, 5, 15, 16, 17, 31, 32, 33, 64, 100, 1000, 4099}) {
      const std::vector<float> x = random_logits(v, 2, static_cast<uint32_t>(v));
      for (int i = 0; i < 60; ++i) {
        SamplingSettings s = kPlain;
        s.seed = static_cast<uint64_t>(random()) << 32 | random();
        if (i % 3 == 0) s.temperature = 0.8f;
        if (i % 4 == 0) s.top_p = 0.9f;
        const DrawKey key = {static_cast<uint32_t>(random() % 256), static_cast<uint32_t>(random() % (1 << 24)),
                             static_cast<uint32_t>(random()), static_cast<uint32_t>(random() % (1 << 18)),
                             static_cast<uint32_t>(random() % (1 << 24))};
        const ref::Draw want = ref::sampling_draw(x, {}, s, key);
        if (want.margin > 1e-5) CHECK_EQ(run(draw, x, s, key), want.token);
      }
    }
}

TEST("sampling: neighbouring keys draw independently") {
  // The same flat row under keys that differ in one field: equal tokens no more often than by chance.
  const std::vector<float> x(50, 0.0f);
  const Draw draw = every_draw().back();
  for (int field = 0; field < 6; ++field) {
    int equal = 0;
    for (uint32_t i = 0; i < 5000; ++i) {
      SamplingSettings s = kPlain;
      DrawKey key = {1, 2, 3, 4, i};
      const int32_t a = run(draw, x, s, key);
      if (field == 0) key.purpose ^= 2;
      if (field == 1) key.step += 1;
      if (field == 2) key.prompt += 1;
      if (field == 3) key.sample += 1;
      if (field == 4) key.position += 1;
      if (field == 5) s.seed += 1;
      equal += a == run(draw, x, s, key);
    }
    CHECK_NEAR(equal, 100, 4.3 * std::sqrt(98.0));
  }
}

TEST("sampling: a token's chance does not depend on what lies behind it") {
  // -inf appended, in the logits or by the bias, changes no draw: the counters belong to the token ids.
  for (Draw draw : every_draw()) {
    std::vector<float> x = random_logits(100, 1, 4), longer = x, zeros(100);
    longer.resize(171, -kInf);
    std::vector<float> forbidden = x, bias(100);
    forbidden.resize(171, 3.0f);
    bias.resize(171, -kInf);
    for (uint32_t i = 0; i < 300; ++i) {
      SamplingSettings s = kPlain;
      s.top_p = i % 2 ? 0.9f : 1;
      const DrawKey key = {0, 1, 2, 3, i};
      const int32_t want = run(draw, x, s, key);
      CHECK_EQ(run(draw, x, s, key, zeros), want);
      CHECK_EQ(run(draw, longer, s, key), want);
      CHECK_EQ(run(draw, forbidden, s, key, bias), want);
    }
  }
}

TEST("sampling: temperature 0 takes the largest logit, the lowest id on a tie") {
  for (Draw draw : every_draw())
    for (int64_t v : {1, 16, 33, 1000}) {
      SamplingSettings s = kPlain;
      s.temperature = 0;
      std::vector<float> x = random_logits(v, 1, static_cast<uint32_t>(v));
      const size_t a = static_cast<size_t>(v) / 3, b = static_cast<size_t>(v) - 1;
      x[a] = x[b] = 9;
      CHECK_EQ(run(draw, x, s, {}), static_cast<int32_t>(std::min(a, b)));
      std::vector<float> bias(x.size());
      bias[b] = 1;
      CHECK_EQ(run(draw, x, s, {}, bias), static_cast<int32_t>(b));
      std::fill(x.begin(), x.end(), -3e38f);
      CHECK_EQ(run(draw, x, s, {}), 0);
    }
}

TEST("sampling: a row with nothing to draw from gives -1") {
  for (Draw draw : every_draw())
    for (float temperature : {0.0f, 1.0f})
      for (float top_p : {1.0f, 0.5f}) {
        SamplingSettings s = kPlain;
        s.temperature = temperature;
        s.top_p = top_p;
        CHECK_EQ(run(draw, std::vector<float>(37, -kInf), s, {}), -1);
        for (float bad : {std::nanf(""), kInf})
          for (size_t at : {0u, 20u, 36u}) {
            std::vector<float> x = random_logits(37, 1, 6);
            x[at] = bad;
            CHECK_EQ(run(draw, x, s, {}), -1);
          }
      }
}

}  // namespace glossa
