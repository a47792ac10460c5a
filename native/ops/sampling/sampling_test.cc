#include <algorithm>
#include <random>
#include <set>

#include "ops/sampling/sampling_ref.h"
#include "ops/test_device.h"

using namespace glossa;
using namespace glossa::test;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
const SamplingSettings kPlain = {1, 0, 1, 0, 0x0123456789abcdefull};

std::vector<float> random_logits(int64_t v, float spread, uint64_t seed) {
  return random_values(seed, v, 2 * spread);
}

// One row of logits many times over, so that many keys draw from it in one operator.
class Row {
 public:
  Row(TestDevice& d, const std::vector<float>& x, const std::vector<float>& bias = {}, int64_t copies = 64)
      : d_(d), copies_(copies), bias_(bias), logits_(d, Dtype::f32, {copies, size(x), 3}, repeated(x, copies)) {
    Workload need;
    need.vocab = size(x);
    d.reserve(need);
  }
  std::vector<int32_t> draw(const SamplingSettings& settings, const std::vector<DrawKey>& keys) {
    std::vector<int32_t> tokens;
    std::vector<Draw> draws(static_cast<size_t>(copies_));
    for (size_t at = 0; at < keys.size(); at += draws.size()) {
      const size_t n = std::min(draws.size(), keys.size() - at);
      for (size_t i = 0; i < n; ++i) draws[i] = {keys[at + i], -2, std::nanf(""), std::nanf("")};
      d_.run([&](Ops& ops) {
        ops.sample(logits_.rows(), {settings, bias_.empty() ? nullptr : bias_.data(), 1}, draws.data(),
                   static_cast<int64_t>(n));
      });
      for (size_t i = 0; i < n; ++i) tokens.push_back(draws[i].token);
    }
    return tokens;
  }
  int32_t draw(const SamplingSettings& settings, const DrawKey& key) {
    return draw(settings, std::vector<DrawKey>{key})[0];
  }

 private:
  static int64_t size(const std::vector<float>& x) { return static_cast<int64_t>(x.size()); }
  static std::vector<float> repeated(const std::vector<float>& x, int64_t copies) {
    std::vector<float> all;
    for (int64_t i = 0; i < copies; ++i) all.insert(all.end(), x.begin(), x.end());
    return all;
  }
  TestDevice& d_;
  const int64_t copies_;
  const std::vector<float> bias_;
  const Input logits_;
};

// n keys of which no two are the same; `of` gives the i-th.
template <class Key>
std::vector<DrawKey> keys_of(uint32_t n, Key of) {
  std::vector<DrawKey> keys;
  for (uint32_t i = 0; i < n; ++i) keys.push_back(of(i));
  return keys;
}
std::set<int32_t> set_of(const std::vector<int32_t>& tokens) {
  return {tokens.begin(), tokens.end()};
}

// Upper bound of a chi-square variate that is passed once in about 10^5 (Wilson and Hilferty's approximation).
double chi_square_bound(double freedom) {
  const double z = 4.3, a = 2 / (9 * freedom);
  return freedom * std::pow(1 - a + z * std::sqrt(a), 3);
}

// Draws and compares with the exact law; classes that are rarer than 8 expected draws go together.
void check_law(TestDevice& d, const std::vector<float>& logits, const SamplingSettings& settings, uint32_t draws,
               const std::vector<float>& bias = {}) {
  if (d.emulated()) draws /= 4;
  const std::vector<double> law = ref::sampling_law(logits, bias, settings);
  std::vector<int> counts(law.size());
  const std::vector<DrawKey> keys = keys_of(draws, [](uint32_t n) { return DrawKey{n % 3, n / 50, n / 7, n % 7, n}; });
  for (int32_t token : Row(d, logits, bias).draw(settings, keys)) {
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
  const std::vector<float> small = random_logits(13, 1.5f, 1), large = random_logits(301, 2, 2);
  std::vector<float> bias(301);
  for (size_t i = 0; i < bias.size(); ++i) bias[i] = i % 5 == 0 ? -kInf : i % 7 == 0 ? 1.5f : 0;
  each_device([&](TestDevice& d) {
    check_law(d, small, kPlain, 10000);
    check_law(d, large, kPlain, 10000);
    SamplingSettings s = kPlain;
    s.temperature = 0.6f;
    check_law(d, large, s, 4000, bias);
    s.temperature = 1.7f;
    s.top_k = 20;
    check_law(d, large, s, 4000);
    s.top_p = 0.8f;
    check_law(d, large, s, 4000, bias);
    s.min_p = 0.2f;
    check_law(d, large, s, 4000);
  });
}

TEST("sampling: rare tokens come as often as they should") {
  // One token in 2,000 beside a near-certain one: the far tail of the exponential variate decides.
  each_device([&](TestDevice& d) {
    const double expected = d.emulated() ? 5 : 20;
    const std::vector<DrawKey> keys = keys_of(static_cast<uint32_t>(expected * 2000), [](uint32_t i) {
      return DrawKey{0, 0, i, 0, 5};
    });
    int rare = 0;
    for (int32_t token : Row(d, {0, std::log(5e-4f)}, {}, 1000).draw(kPlain, keys)) rare += token;
    CHECK_NEAR(rare, expected, 4.3 * std::sqrt(expected));
  });
}

TEST("sampling: what top-k, top-p and min-p keep is what sorting in float64 keeps") {
  const std::vector<DrawKey> keys = keys_of(1000, [](uint32_t i) { return DrawKey{0, 0, 0, i, 0}; });
  std::mt19937 random(5);
  for (int trial = 0; trial < 40; ++trial) {
    const int64_t v = 1 + static_cast<int64_t>(random() % 70);
    const std::vector<float> x = random_logits(v, 0.7f, static_cast<uint64_t>(trial));
    SamplingSettings s = {1.3f, 0, 1, 0, random()};
    if (random() % 2) s.top_k = 1 + static_cast<int32_t>(random() % 80);
    if (random() % 2) s.top_p = 0.05f * static_cast<float>(1 + random() % 19) + 0.01f;
    if (random() % 2) s.min_p = 0.05f * static_cast<float>(1 + random() % 19);
    const std::vector<double> law = ref::sampling_law(x, {}, s);
    std::set<int32_t> want, rare;
    for (size_t i = 0; i < law.size(); ++i)
      if (law[i] > 0) (law[i] > 0.02 ? want : rare).insert(static_cast<int32_t>(i));
    each_device([&](TestDevice& d) {
      if (d.emulated() && trial % 5) return;
      const std::set<int32_t> got = set_of(Row(d, x).draw(s, keys));
      for (int32_t id : want) CHECK(got.count(id) == 1);
      for (int32_t id : got) CHECK(want.count(id) + rare.count(id) == 1);
    });
  }
}

TEST("sampling: ties at the edge of top-k and top-p are kept together") {
  const std::vector<DrawKey> keys = keys_of(500, [](uint32_t i) { return DrawKey{0, 0, i, 0, 0}; });
  each_device([&](TestDevice& d) {
    Row row(d, {2, 1, 1, 1, 0, 0});
    SamplingSettings s = {4, 2, 1, 0, 3};
    CHECK(set_of(row.draw(s, keys)) == (std::set<int32_t>{0, 1, 2, 3}));
    s.top_k = 0;
    s.top_p = 0.3f;
    CHECK(set_of(row.draw(s, keys)) == (std::set<int32_t>{0, 1, 2, 3}));
    s.top_p = 0;
    CHECK(set_of(row.draw(s, keys)) == std::set<int32_t>{0});
    s.top_p = 1;
    s.min_p = 1;
    CHECK(set_of(row.draw(s, keys)) == std::set<int32_t>{0});
  });
}

TEST("sampling: every draw is the one that the documented counters give") {
  for (int64_t v : {1, 3, 4, 5, 15, 16, 17, 31, 32, 33, 64, 100, 1000, 4099}) {
    const std::vector<float> x = random_logits(v, 2, static_cast<uint64_t>(v));
    struct Asked {
      SamplingSettings settings;
      DrawKey key;
      ref::Draw want;
    };
    std::vector<Asked> asked;
    std::mt19937 random(static_cast<uint32_t>(v));
    for (int i = 0; i < 60; ++i) {
      SamplingSettings s = kPlain;
      s.seed = static_cast<uint64_t>(random()) << 32 | random();
      if (i % 3 == 0) s.temperature = 0.8f;
      if (i % 4 == 0) s.top_p = 0.9f;
      const DrawKey key = {static_cast<uint32_t>(random() % 256), static_cast<uint32_t>(random() % (1 << 24)),
                           static_cast<uint32_t>(random()), static_cast<uint32_t>(random() % (1 << 18)),
                           static_cast<uint32_t>(random() % (1 << 24))};
      asked.push_back({s, key, ref::sampling_draw(x, {}, s, key)});
    }
    each_device([&](TestDevice& d) {
      Row row(d, x, {}, 1);
      for (const Asked& a : asked)
        if (a.want.margin > 1e-5) CHECK_EQ(row.draw(a.settings, a.key), a.want.token);
    });
  }
}

TEST("sampling: a draw from a long row with a bias and filters is that of sorting in float64") {
  constexpr int64_t kVocab = 20011;
  const std::vector<float> x = random_logits(kVocab, 4, 8);
  std::vector<float> bias(x.size());
  for (size_t i = 0; i < bias.size(); ++i) bias[i] = i % 3 == 0 ? -kInf : i % 100 == 1 ? 2.5f : 0;
  const SamplingSettings all[] = {
      {0.7f, 0, 1, 0, 4}, {1.5f, 50, 1, 0, 5}, {1, 0, 0.95f, 0, 6}, {1, 0, 1, 0.05f, 7}, {0.9f, 1000, 0.9f, 0.01f, 8}};
  each_device([&](TestDevice& d) {
    Row row(d, x, bias, 1);
    for (const SamplingSettings& s : all)
      for (uint32_t i = 0; i < 8; ++i) {
        const DrawKey key = {0, i, 3, i, 7 * i};
        const ref::Draw want = ref::sampling_draw(x, bias, s, key);
        if (want.margin > 1e-5) CHECK_EQ(row.draw(s, key), want.token);
      }
  });
}

TEST("sampling: top-k tells neighbouring numbers apart, large, small and denormal") {
  constexpr int64_t kVocab = 3000;
  constexpr int32_t kKept = 7;
  struct Ladder {
    float first, step;
  };
  const std::vector<DrawKey> keys = keys_of(100, [](uint32_t i) { return DrawKey{0, 0, i, 1, 2}; });
  for (const Ladder& l : {Ladder{1, 0x1p-23f}, {-2, 0x1p-22f}, {0, 0x1p-149f}, {-1e-3f, 1e-6f}, {1e6f, 0x1p-4f}}) {
    std::vector<float> x(kVocab);
    std::set<int32_t> want;
    // 1,999 and 3,000 have no factor in common: every rung once, in no order.
    for (int64_t i = 0; i < kVocab; ++i) {
      const int64_t rung = i * 1999 % kVocab;
      x[static_cast<size_t>(i)] = l.first + l.step * static_cast<float>(rung);
      if (rung >= kVocab - kKept) want.insert(static_cast<int32_t>(i));
    }
    SamplingSettings s = kPlain;
    s.top_k = kKept;
    each_device([&](TestDevice& d) {
      CHECK(set_of(Row(d, x).draw(s, keys)) == want);
      // As many by their share of the whole, where the weights are told apart and yet nearly even.
      if (l.step != 1e-6f) return;
      SamplingSettings by_share = kPlain;
      by_share.top_p = (kKept - 0.5f) / static_cast<float>(kVocab);
      CHECK(set_of(Row(d, x).draw(by_share, keys)) == want);
    });
  }
}

TEST("sampling: one token that is not forbidden is drawn, with log-probability and entropy 0") {
  each_device([](TestDevice& d) {
    for (int64_t v : {1, 6, 4099})
      for (float top_p : {1.0f, 0.3f}) {
        std::vector<float> x(static_cast<size_t>(v), -kInf);
        const auto only = static_cast<int32_t>(v * 2 / 3);
        x[static_cast<size_t>(only)] = -5;
        Workload need;
        need.vocab = v;
        d.reserve(need);
        const Input logits(d, x);
        SamplingSettings s = kPlain;
        s.top_p = top_p;
        Draw draw{{}, -2, std::nanf(""), std::nanf("")};
        d.run([&](Ops& ops) { ops.sample(logits.rows(), {s, nullptr, 1 / 0.7f}, &draw, 1); });
        CHECK_EQ(draw.token, only);
        CHECK_EQ(draw.logp, 0);
        CHECK_EQ(draw.entropy, 0);
      }
  });
}

TEST("sampling: a bias that changes in its place counts from the next draw on") {
  const std::vector<float> x = random_logits(90, 1, 3);
  each_device([&](TestDevice& d) {
    Workload need;
    need.vocab = 90;
    d.reserve(need);
    const Input logits(d, x);
    SamplingSettings s = kPlain;
    s.temperature = 0;
    std::vector<float> bias(x.size());
    for (size_t want : {5u, 80u, 5u, 0u}) {
      std::fill(bias.begin(), bias.end(), 0.0f);
      bias[want] = 20;
      Draw draw{};
      d.run([&](Ops& ops) { ops.sample(logits.rows(), {s, bias.data(), 1}, &draw, 1); });
      CHECK_EQ(draw.token, static_cast<int32_t>(want));
    }
  });
}

TEST("sampling: neighbouring keys draw independently") {
  // The same flat row under keys that differ in one field: equal tokens no more often than by chance.
  visit_device(device_kinds().back(), TestDevice::On::lane, [&](TestDevice& d) {
    const uint32_t draws = d.emulated() ? 1000 : 5000;
    const std::vector<DrawKey> keys = keys_of(draws, [](uint32_t i) { return DrawKey{1, 2, 3, 4, i}; });
    Row row(d, std::vector<float>(50, 0.0f), {}, 500);
    const std::vector<int32_t> first = row.draw(kPlain, keys);
    for (int field = 0; field < 6; ++field) {
      SamplingSettings s = kPlain;
      if (field == 5) s.seed += 1;
      std::vector<DrawKey> changed = keys;
      for (DrawKey& key : changed) {
        if (field == 0) key.purpose ^= 2;
        if (field == 1) key.step += 1;
        if (field == 2) key.prompt += 1;
        if (field == 3) key.sample += 1;
        if (field == 4) key.position += 1;
      }
      const std::vector<int32_t> second = row.draw(s, changed);
      int equal = 0;
      for (size_t i = 0; i < first.size(); ++i) equal += first[i] == second[i];
      CHECK_NEAR(equal, draws / 50.0, 4.3 * std::sqrt(draws / 50.0 * 0.98));
    }
  });
}

TEST("sampling: a token's chance does not depend on what lies behind it") {
  // -inf appended, in the logits or by the bias, changes no draw: the counters belong to the token ids.
  std::vector<float> x = random_logits(100, 1, 4), longer = x, zeros(100), forbidden = x, bias(100);
  longer.resize(171, -kInf);
  forbidden.resize(171, 3.0f);
  bias.resize(171, -kInf);
  const std::vector<DrawKey> keys = keys_of(300, [](uint32_t i) { return DrawKey{0, 1, 2, 3, i}; });
  each_device([&](TestDevice& d) {
    Row plain(d, x), with_zeros(d, x, zeros), masked(d, longer), by_bias(d, forbidden, bias);
    for (float top_p : {1.0f, 0.9f}) {
      SamplingSettings s = kPlain;
      s.top_p = top_p;
      const std::vector<int32_t> want = plain.draw(s, keys);
      CHECK(with_zeros.draw(s, keys) == want);
      CHECK(masked.draw(s, keys) == want);
      CHECK(by_bias.draw(s, keys) == want);
    }
  });
}

TEST("sampling: temperature 0 takes the largest logit, the lowest id on a tie") {
  each_device([](TestDevice& d) {
    for (int64_t v : {1, 16, 33, 1000}) {
      SamplingSettings s = kPlain;
      s.temperature = 0;
      std::vector<float> x = random_logits(v, 1, static_cast<uint64_t>(v)), bias(x.size());
      const size_t a = static_cast<size_t>(v) / 3, b = static_cast<size_t>(v) - 1;
      x[a] = x[b] = 9;
      bias[b] = 1;
      CHECK_EQ(Row(d, x).draw(s, DrawKey{}), static_cast<int32_t>(std::min(a, b)));
      CHECK_EQ(Row(d, x, bias).draw(s, DrawKey{}), static_cast<int32_t>(b));
      CHECK_EQ(Row(d, std::vector<float>(x.size(), -3e38f)).draw(s, DrawKey{}), 0);
    }
  });
}

TEST("sampling: a row with nothing to draw from gives -1") {
  each_device([](TestDevice& d) {
    for (float temperature : {0.0f, 1.0f})
      for (float top_p : {1.0f, 0.5f}) {
        SamplingSettings s = kPlain;
        s.temperature = temperature;
        s.top_p = top_p;
        CHECK_EQ(Row(d, std::vector<float>(37, -kInf)).draw(s, DrawKey{}), -1);
        for (float bad : {std::nanf(""), kInf})
          for (size_t at : {0u, 20u, 36u}) {
            std::vector<float> x = random_logits(37, 1, 6);
            x[at] = bad;
            CHECK_EQ(Row(d, x).draw(s, DrawKey{}), -1);
          }
      }
  });
}

TEST("sampling: a draw and its log-probability have the same bits alone and among others, on a lane and on all") {
  constexpr int64_t kRows = 41, kVocab = 5003;
  std::vector<float> x = random_logits(kRows * kVocab, 2, 3);
  std::fill_n(x.begin() + 7 * kVocab, kVocab, -kInf);  // nothing to draw in row 7
  check_however_shared([&](TestDevice& d) {
    Workload need;
    need.vocab = kVocab;
    d.reserve(need);
    const Input logits(d, Dtype::f32, {kRows, kVocab, 3}, x);
    SamplingSettings s = kPlain;
    s.top_p = 0.9f;
    const DrawSettings settings = {s, nullptr, 1 / 0.7f};
    std::vector<Draw> draws;
    for (uint32_t i = 0; i < kRows; ++i) draws.push_back({{0, 1, i / 8, i % 8, i}, -2, 0, 0});
    std::vector<Draw> apart = draws;
    d.run([&](Ops& ops) { ops.sample(logits.rows(), settings, draws.data(), kRows); });
    d.run_each(kRows, [&](int64_t r, Ops& ops) { ops.sample(logits.rows().at(r), settings, apart.data() + r, 1); });
    CHECK(bits_of(apart) == bits_of(draws));
    std::vector<int32_t> targets;
    for (const Draw& draw : draws) targets.push_back(std::max(draw.token, 0));
    std::vector<float> logps(kRows), entropies(kRows);
    d.run([&](Ops& ops) {
      ops.logps(logits.rows(), settings.inv_temperature, targets.data(), logps.data(), entropies.data(), kRows);
    });
    for (size_t i = 0; i < draws.size(); ++i) {
      CHECK_EQ(draws[i].token < 0, i == 7);
      if (i == 7) continue;
      CHECK_EQ(draws[i].logp, logps[i]);
      CHECK_EQ(draws[i].entropy, entropies[i]);
    }
    return bits_of(draws);
  });
}
