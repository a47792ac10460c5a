// The law of the sampler and of the loss are one: what is kept, its log-probability and entropy, and the gradient.
#include <cmath>
#include <limits>

#include "ops/head/head_ref.h"
#include "ops/sampling/sampling_ref.h"
#include "ops/test_device.h"

using namespace glossa;
using namespace glossa::test;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
const float kNan = std::nanf("");

// Rows of logits, two biases and which of them each row takes.
struct Problem {
  int64_t rows, v;
  std::vector<float> logits, biases;
  std::vector<int32_t> bias_of;

  Problem(int64_t rows, int64_t v) : rows(rows), v(v), logits(random_values(static_cast<uint64_t>(v), rows * v, 4)) {
    for (int64_t i = 0; i < 2 * v; ++i)
      biases.push_back(i < v ? (i % 3 == 1 ? -kInf : i % 5 == 0 ? 1.25f : 0) : (i % 4 == 2 ? -kInf : -0.5f));
    for (int64_t i = 0; i < rows; ++i) bias_of.push_back(static_cast<int32_t>(i % 3) - 1);
  }
  Biases tables() const { return {biases.data(), 2}; }
  std::vector<float> row(int64_t i) const { return {logits.begin() + i * v, logits.begin() + (i + 1) * v}; }
  std::vector<float> bias(int64_t i) const {
    const int32_t b = bias_of[static_cast<size_t>(i)];
    return b < 0 ? std::vector<float>(static_cast<size_t>(v))
                 : std::vector<float>(biases.begin() + b * v, biases.begin() + (b + 1) * v);
  }
};

std::vector<int32_t> ids_of(const uint32_t* bits, int64_t v) {
  std::vector<int32_t> ids;
  for (int64_t t = 0; t < v; ++t)
    if (bits[t / 32] >> t % 32 & 1) ids.push_back(static_cast<int32_t>(t));
  return ids;
}

struct Drawn {
  std::vector<Draw> draws;
  std::vector<uint32_t> kept;
  std::vector<float> logits;  // as they were left
};
Drawn draw(TestDevice& d, const Problem& p, const SamplingSettings& s, bool keep) {
  Workload need;
  need.vocab = p.v;
  d.reserve(need);
  Array logits(d, Dtype::f32, {p.rows, p.v, 3});
  logits.set(p.logits);
  Drawn out;
  for (int64_t i = 0; i < p.rows; ++i)
    out.draws.push_back({{0, 7, static_cast<uint32_t>(i), 1, 5}, -2, kNan, kNan, p.bias_of[static_cast<size_t>(i)]});
  out.kept.assign(static_cast<size_t>(p.rows * kept_words(p.v)), 0xdeadbeefu);
  DrawSettings settings{s, p.biases.data(), 1 / s.temperature};
  settings.biases = 2;
  settings.of_law = true;
  if (keep) settings.kept = out.kept.data();
  d.run([&](Ops& ops) { ops.sample(logits.rows(), settings, out.draws.data(), p.rows); });
  out.logits = logits.get();
  return out;
}

const SamplingSettings kLaws[] = {
    {1, 0, 1, 0, 4}, {0.7f, 5, 1, 0, 4}, {1.3f, 0, 0.8f, 0, 5}, {0.9f, 0, 1, 0.05f, 6}, {0.8f, 40, 0.9f, 0.02f, 7}};

}  // namespace

TEST("support: a draw keeps what the law keeps, and its log-probability and entropy are the law's") {
  for (int64_t v : {33, 301, 5003}) {
    const Problem p(6, v);
    each_device([&](TestDevice& d) {
      for (const SamplingSettings& s : kLaws) {
        const bool filtered = filters(s, v);
        const Drawn got = draw(d, p, s, filtered);
        for (int64_t i = 0; i < p.rows; ++i) {
          const Draw& drawn = got.draws[static_cast<size_t>(i)];
          const std::vector<double> law = ref::sampling_law(p.row(i), p.bias(i), s);
          double entropy = 0;
          std::vector<int32_t> kept;
          for (size_t t = 0; t < law.size(); ++t)
            if (law[t] > 0) {
              entropy -= law[t] * std::log(law[t]);
              kept.push_back(static_cast<int32_t>(t));
            }
          CHECK(drawn.token >= 0 && law[static_cast<size_t>(drawn.token)] > 0);
          if (drawn.token < 0) return;
          CHECK_NEAR(drawn.logp, std::log(law[static_cast<size_t>(drawn.token)]), 2e-5);
          CHECK_NEAR(drawn.entropy, entropy, 2e-5);
          if (filtered) CHECK(ids_of(got.kept.data() + i * kept_words(v), v) == kept);
          for (int64_t t = 0; t < v; ++t)
            CHECK((got.logits[static_cast<size_t>(i * v + t)] > -kInf) == (law[static_cast<size_t>(t)] > 0));
        }
      }
    });
  }
}

TEST("support: draws follow the law, whichever of its biases a row takes") {
  const int64_t v = 29;
  const SamplingSettings s = {0.9f, 12, 0.95f, 0.01f, 77};
  each_device([&](TestDevice& d) {
    const int rounds = d.emulated() ? 40 : 400;
    const Problem one(3, v);
    Problem p(3 * 16, v);
    for (int64_t i = 0; i < p.rows; ++i) {
      const std::vector<float> row = one.row(i % 3);
      std::copy(row.begin(), row.end(), p.logits.begin() + i * v);
    }
    std::vector<std::vector<int>> counts(3, std::vector<int>(static_cast<size_t>(v)));
    for (int round = 0; round < rounds; ++round) {
      SamplingSettings other = s;
      other.seed = static_cast<uint64_t>(round);
      const Drawn got = draw(d, p, other, false);
      for (size_t i = 0; i < got.draws.size(); ++i) ++counts[i % 3][static_cast<size_t>(got.draws[i].token)];
    }
    for (int64_t i = 0; i < 3; ++i) {
      const std::vector<double> law = ref::sampling_law(one.row(i), one.bias(i), s);
      double chi_square = 0, classes = 0;
      for (size_t t = 0; t < law.size(); ++t) {
        const double expected = law[t] * rounds * 16, count = counts[static_cast<size_t>(i)][t];
        if (law[t] == 0) CHECK_EQ(count, 0.0);
        if (law[t] == 0) continue;
        chi_square += (count - expected) * (count - expected) / expected;
        ++classes;
      }
      CHECK(classes > 2);
      // Passed once in about 10^5 (Wilson and Hilferty).
      const double freedom = classes - 1, a = 2 / (9 * freedom);
      CHECK(chi_square < freedom * std::pow(1 - a + 4.3 * std::sqrt(a), 3));
    }
  });
}

TEST("support: the head over a recorded support has the sampler's bits") {
  for (int64_t v : {33, 1000, 5003, 70001}) {
    const Problem p(5, v);
    each_device([&](TestDevice& d) {
      for (const SamplingSettings& s : kLaws) {
        const bool filtered = filters(s, v);
        const Drawn drawn = draw(d, p, s, filtered);
        std::vector<std::vector<int32_t>> kept;
        std::vector<Support> supports;
        std::vector<int32_t> targets;
        for (int64_t i = 0; i < p.rows; ++i) kept.push_back(ids_of(drawn.kept.data() + i * kept_words(v), v));
        for (int64_t i = 0; i < p.rows; ++i) {
          const std::vector<int32_t>& ids = kept[static_cast<size_t>(i)];
          supports.push_back({p.bias_of[static_cast<size_t>(i)], filtered ? ids.data() : nullptr,
                              static_cast<int64_t>(filtered ? ids.size() : 0)});
          targets.push_back(drawn.draws[static_cast<size_t>(i)].token);
        }
        Array logits(d, Dtype::f32, {p.rows, v, 3});
        logits.set(p.logits);
        std::vector<float> logps = poison(p.rows), entropies = poison(p.rows);
        d.run([&](Ops& ops) {
          ops.restrict_to(logits.rows(), p.tables(), supports.data(), p.rows);
          ops.logps(logits.rows(), 1 / s.temperature, targets.data(), logps.data(), entropies.data(), p.rows);
        });
        CHECK(same_bits(logits.get(), drawn.logits));
        for (size_t i = 0; i < targets.size(); ++i) {
          CHECK(same_bits(&logps[i], &drawn.draws[i].logp, 1));
          CHECK(same_bits(&entropies[i], &drawn.draws[i].entropy, 1));
        }
      }
    });
  }
}

TEST("support: the gradient is that of float64 over what is kept, that of differences, and exactly 0 elsewhere") {
  const int64_t v = 61;
  const Problem p(3, v);
  const float inv_temperature = 1 / 0.8f;
  const std::vector<int32_t> kept = {0, 3, 9, 15, 31, 32, 45, 60};
  const std::vector<TokenSlope> slopes = {{-0.37f, 0}, {1, 1}, {-0.37f, 0.21f}};
  const std::vector<int32_t> targets = {3, 9, 60};  // that no bias forbids
  std::vector<Support> supports;
  for (int64_t i = 0; i < p.rows; ++i)
    supports.push_back({p.bias_of[static_cast<size_t>(i)], kept.data(), static_cast<int64_t>(kept.size())});
  // The objective of a row over its support in float64: slope.logp * logp + slope.entropy * entropy.
  auto allowed = [&](int64_t i) {
    std::vector<int32_t> ids;
    const std::vector<float> bias = p.bias(i);
    for (int32_t t : kept)
      if (bias[static_cast<size_t>(t)] > -kInf) ids.push_back(t);
    return ids;
  };
  auto objective = [&](int64_t i, const std::vector<double>& x) {
    const std::vector<float> bias = p.bias(i);
    std::vector<double> some;
    int32_t target = -1;
    for (int32_t t : allowed(i)) {
      if (t == targets[static_cast<size_t>(i)]) target = static_cast<int32_t>(some.size());
      some.push_back(x[static_cast<size_t>(t)] + static_cast<double>(bias[static_cast<size_t>(t)]));
    }
    CHECK(target >= 0);
    const ref::HeadRow row = ref::head_row(some, static_cast<double>(inv_temperature), target);
    const TokenSlope s = slopes[static_cast<size_t>(i)];
    return static_cast<double>(s.logp) * row.logp + static_cast<double>(s.entropy) * row.entropy;
  };
  each_device([&](TestDevice& d) {
    Array logits(d, Dtype::f32, {p.rows, v});
    logits.set(p.logits);
    TokenLosses losses{};
    losses.inv_temperature = inv_temperature;
    losses.targets = targets.data();
    losses.slopes = slopes.data();
    d.run([&](Ops& ops) {
      ops.restrict_to(logits.rows(), p.tables(), supports.data(), p.rows);
      ops.token_losses(logits.rows(), logits.rows(), losses, p.rows);
    });
    const std::vector<float> got = logits.get();
    for (int64_t i = 0; i < p.rows; ++i) {
      const std::vector<int32_t> ids = allowed(i);
      for (int32_t t = 0; t < v; ++t) {
        const float g = got[static_cast<size_t>(i * v + t)];
        if (std::find(ids.begin(), ids.end(), t) == ids.end()) {
          CHECK_EQ(g, 0.0f);
          continue;
        }
        std::vector<double> up = to_double(p.row(i)), down = up;
        up[static_cast<size_t>(t)] += 1e-5;
        down[static_cast<size_t>(t)] -= 1e-5;
        CHECK_NEAR(g, (objective(i, up) - objective(i, down)) / 2e-5, 3e-6);
      }
    }
  });
}

TEST("support: what is not a number is not hidden by a filter") {
  Problem p(1, 64);
  p.bias_of = {-1};
  for (float bad : {kNan, kInf}) {
    p.logits[17] = bad;
    each_device([&](TestDevice& d) { CHECK_EQ(draw(d, p, {1, 3, 1, 0, 1}, true).draws[0].token, -1); });
  }
  p.logits.assign(64, 0);
  p.biases.assign(128, -kInf);
  p.bias_of = {0};
  each_device([&](TestDevice& d) { CHECK_EQ(draw(d, p, {1, 3, 1, 0, 1}, true).draws[0].token, -1); });
}

TEST("support: no bit depends on how rows are shared out") {
  const Problem p(11, 777);
  check_however_shared([&](TestDevice& d) {
    const Drawn got = draw(d, p, {0.8f, 40, 0.9f, 0.02f, 7}, true);
    std::vector<float> numbers;
    for (const Draw& draw : got.draws) {
      numbers.push_back(draw.logp);
      numbers.push_back(draw.entropy);
    }
    return Bits{bits_of(got.kept), bits_of(got.logits), bits_of(numbers)};
  });
}
