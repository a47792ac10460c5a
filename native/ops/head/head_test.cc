#include <cmath>
#include <limits>

#include "ops/head/head_ref.h"
#include "ops/test_device.h"

using namespace glossa;
using namespace glossa::test;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
const float kNan = std::nanf("");
const int64_t kSizes[] = {1, 2, 15, 16, 17, 48, 255, 1000, 1023, 1024, 1025, 5003, 151936};

std::vector<float> random_logits(int64_t v, float spread, uint64_t seed) {
  return random_values(seed, v, 2 * spread);
}

struct Logps {
  std::vector<float> logps, entropies;
};
// Of rows of logits that belong together, each of the size of the first.
Logps logps(TestDevice& d, const Array& logits, const std::vector<int32_t>& targets, float inv_temperature) {
  Logps out{poison(static_cast<int64_t>(targets.size())), poison(static_cast<int64_t>(targets.size()))};
  d.run([&](Ops& ops) {
    ops.logps(logits.rows(), inv_temperature, targets.data(), out.logps.data(), out.entropies.data(),
              static_cast<int64_t>(targets.size()));
  });
  return out;
}
Logps logps(TestDevice& d, const std::vector<float>& row, int32_t target) {
  const Input logits(d, row);
  return logps(d, logits, {target}, 1);
}

// Rows of logits, one of them padding, and all that their loss takes.
struct Problem {
  int64_t rows, v;
  float inv_temperature = 1 / 0.9f;
  std::vector<float> logits;
  std::vector<int32_t> targets;
  std::vector<TokenTerms> terms;

  Problem(int64_t rows, int64_t v) : rows(rows), v(v), logits(random_logits(rows * v, 3, static_cast<uint64_t>(v))) {
    for (int64_t i = 0; i < rows; ++i) {
      targets.push_back(i == 1 ? -1 : static_cast<int32_t>(i % 2 ? v - 1 : i * 7 % v));
      terms.push_back({i % 3 ? 0.8f : -0.6f, -2.5f, -3, 0.1f, i % 2 ? 0.2f : 0.0f});
    }
  }
  TokenLosses losses(std::vector<TokenResult>& results) const {
    LossSettings settings;
    settings.type = find_loss("grpo");
    settings.beta = 0.1f;
    results.assign(static_cast<size_t>(rows), {kNan, kNan, kNan, kNan, kNan, kNan, kNan, kNan});
    return {settings, inv_temperature, targets.data(), terms.data(), false, results.data(), nullptr};
  }
};

std::vector<float> row_of(const std::vector<float>& x, int64_t v, int64_t r) {
  return {x.begin() + r * v, x.begin() + (r + 1) * v};
}

}  // namespace

TEST("head: log-probability and entropy match float64") {
  for (int64_t v : kSizes) {
    std::vector<float> x;
    std::vector<int32_t> targets;
    for (float spread : {0.1f, 3.0f, 30.0f}) {
      const std::vector<float> row = random_logits(v, spread, static_cast<uint64_t>(v));
      for (int64_t target : {int64_t{0}, v / 2, v - 1}) {
        x.insert(x.end(), row.begin(), row.end());
        targets.push_back(static_cast<int32_t>(target));
      }
    }
    const int64_t rows = static_cast<int64_t>(targets.size());
    for (float inv_temperature : {1.0f, 1 / 0.7f}) {
      std::vector<ref::HeadRow> want;
      for (int64_t i = 0; i < rows; ++i)
        want.push_back(ref::head_row(to_double(row_of(x, v, i)), static_cast<double>(inv_temperature),
                                     targets[static_cast<size_t>(i)]));
      each_device([&](TestDevice& d) {
        const Input logits(d, Dtype::f32, {rows, v, 3}, x);
        const Logps got = logps(d, logits, targets, inv_temperature);
        for (size_t i = 0; i < want.size(); ++i) {
          CHECK_NEAR(got.logps[i], want[i].logp, 4e-6 + 3e-7 * std::fabs(want[i].logp));
          CHECK_NEAR(got.entropies[i], want[i].entropy, 4e-6 + 1e-6 * want[i].entropy);
        }
      });
    }
  }
}

TEST("head: a peaked row keeps its small entropy") {
  std::vector<float> x(1000, 0.0f);
  x[3] = 25;
  const ref::HeadRow want = ref::head_row(to_double(x), 1, 3);
  CHECK(want.entropy < 1e-6);
  each_device([&](TestDevice& d) {
    const float got = logps(d, x, 3).entropies[0];
    CHECK_NEAR(got, want.entropy, 2e-7);
    CHECK(got >= 0);
  });
}

TEST("head: masked logits count for nothing, an empty or broken row gives NaN") {
  std::vector<float> x = random_logits(77, 2, 1), kept;
  for (size_t i = 0; i < x.size(); ++i) {
    if (i % 3 == 0) x[i] = -kInf;
    if (i % 3 != 0) kept.push_back(x[i]);
  }
  const ref::HeadRow want = ref::head_row(to_double(kept), 1, 0);
  each_device([&](TestDevice& d) {
    const Logps got = logps(d, x, 1);
    CHECK_NEAR(got.logps[0], want.logp, 4e-6);
    CHECK_NEAR(got.entropies[0], want.entropy, 4e-6);
    CHECK_EQ(logps(d, x, 0).logps[0], -kInf);

    Array logits(d, Dtype::f32, {1, 77});
    logits.set(x);
    const int32_t target = 1;
    const TokenSlope slope = {0.5f, 0};
    const TokenLosses losses = {{}, 1, &target, nullptr, true, nullptr, &slope};
    d.run([&](Ops& ops) { ops.token_losses(logits.rows(), logits.rows(), losses, 1); });
    const std::vector<float> gradient = logits.get();
    for (size_t i = 0; i < x.size(); ++i) CHECK(i % 3 == 0 ? gradient[i] == 0 : std::isfinite(gradient[i]));

    CHECK(std::isnan(logps(d, std::vector<float>(40, -kInf), 0).logps[0]));
    for (float bad : {kNan, kInf})
      for (size_t at : {0u, 20u, 39u}) {
        std::vector<float> y = random_logits(40, 1, 2);
        y[at] = bad;
        const Logps broken = logps(d, y, 5);
        CHECK(std::isnan(broken.logps[0]) && std::isnan(broken.entropies[0]));
      }
  });
}

TEST("head: the gradient takes the logits' place and matches float64; padding has none") {
  const std::vector<TokenSlope> slopes = {{-0.37f, 0}, {1, 1}, {-0.37f, 0.21f}, {0, 0.21f}};
  for (int64_t v : kSizes) {
    const Problem p(4, v);
    std::vector<double> want;
    for (int64_t i = 0; i < p.rows; ++i) {
      const auto at = static_cast<size_t>(i);
      const std::vector<double> x = to_double(row_of(p.logits, v, i));
      const double t = static_cast<double>(p.inv_temperature);
      const bool padding = p.targets[at] < 0;
      const std::vector<double> of_logp = ref::logp_gradient(x, t, padding ? 0 : p.targets[at]),
                                of_entropy = ref::entropy_gradient(x, t);
      for (size_t j = 0; j < x.size(); ++j)
        want.push_back(padding ? 0
                               : static_cast<double>(slopes[at].logp) * of_logp[j] +
                                     static_cast<double>(slopes[at].entropy) * of_entropy[j]);
    }
    each_device([&](TestDevice& d) {
      std::vector<float> wide;
      for (Dtype t : {Dtype::f32, Dtype::bf16}) {
        Array logits(d, Dtype::f32, {p.rows, v, 5});
        logits.set(p.logits);
        std::vector<TokenResult> results;
        TokenLosses losses = p.losses(results);
        losses.slopes = slopes.data();
        d.run([&](Ops& ops) { ops.token_losses(in_place(logits, t), logits.rows(), losses, p.rows); });
        const std::vector<float> got = read_in_place(logits, t);
        if (t == Dtype::f32) wide = got;
        double worst = 0;
        for (size_t i = 0; i < got.size(); ++i) {
          const double error = std::fabs(static_cast<double>(wide[i]) - want[i]) / (0.1 + std::fabs(want[i]));
          if (!(error <= worst)) worst = error;
        }
        CHECK_NEAR(worst, 0, 2e-6);
        bool same = true;
        for (size_t i = 0; i < got.size(); ++i) same = same && got[i] == rounded(wide[i], t);
        CHECK(same);
        CHECK(std::isnan(results[0].loss));  // the slopes are given, so no loss is computed
      }
    });
  }
}

TEST("head: a token's loss is that of its log-probability and entropy, and its slopes are the gradient's") {
  const Problem p(4, 333);
  each_device([&](TestDevice& d) {
    const Input given(d, Dtype::f32, {p.rows, p.v}, p.logits);
    std::vector<int32_t> targets = p.targets;
    targets[1] = 0;  // logps knows no padding
    const Logps at = logps(d, given, targets, p.inv_temperature);
    for (bool on_policy : {false, true}) {
      Array logits(d, Dtype::f32, {p.rows, p.v}), again(d, Dtype::f32, {p.rows, p.v});
      logits.set(p.logits);
      again.set(p.logits);
      std::vector<TokenResult> results, unused;
      TokenLosses losses = p.losses(results), with_slopes = p.losses(unused);
      losses.on_policy = on_policy;
      d.run([&](Ops& ops) { ops.token_losses(logits.rows(), logits.rows(), losses, p.rows); });
      std::vector<TokenSlope> slopes(p.targets.size());
      for (size_t i = 0; i < results.size(); ++i) {
        if (p.targets[i] < 0) continue;
        TokenTerms terms = p.terms[i];
        if (on_policy) terms.old_logp = at.logps[i];
        const TokenResult want = token_loss(losses.settings, terms, at.logps[i], at.entropies[i], &slopes[i]);
        CHECK_EQ(results[i].logp, at.logps[i]);
        CHECK_EQ(results[i].entropy, at.entropies[i]);
        CHECK_NEAR(results[i].loss, want.loss, 1e-6 * std::fabs(static_cast<double>(want.loss)));
        CHECK_NEAR(results[i].kl, want.kl, 1e-6 * std::fabs(static_cast<double>(want.kl)));
        CHECK_EQ(results[i].clip_low, want.clip_low);
        CHECK_EQ(results[i].clip_high, want.clip_high);
      }
      with_slopes.slopes = slopes.data();
      d.run([&](Ops& ops) { ops.token_losses(again.rows(), again.rows(), with_slopes, p.rows); });
      CHECK_NEAR(worst_error(logits.get(), again.get()), 0, 1e-7);
    }
  });
}

TEST("head: a row has the same bits alone and among others, on a lane and on all") {
  check_however_shared([](TestDevice& d) {
    Bits results;
    for (const Problem& p : {Problem(9, 48), Problem(30, 1025), Problem(0, 7)})
      for (Dtype t : {Dtype::f32, Dtype::bf16}) {
        Array logits(d, Dtype::f32, {p.rows, p.v, 3});
        std::vector<TokenResult> of_all, of_each;
        const TokenLosses losses = p.losses(of_all), each = p.losses(of_each);
        logits.set(p.logits);
        d.run([&](Ops& ops) { ops.token_losses(in_place(logits, t), logits.rows(), losses, p.rows); });
        const std::vector<float> gradient = read_in_place(logits, t);
        logits.set(p.logits);
        d.run_each(p.rows, [&](int64_t r, Ops& ops) {
          TokenLosses one = each;
          one.targets += r;
          one.terms += r;
          one.results += r;
          ops.token_losses(in_place(logits, t).at(r), logits.rows().at(r), one, 1);
        });
        CHECK(same_bits(read_in_place(logits, t), gradient));
        CHECK(bits_of(of_each) == bits_of(of_all));
        results.insert(results.end(), {bits_of(of_all), bits_of(gradient)});
      }
    return results;
  });
}

TEST(
    "head: log-probability and entropy are the same bits wherever a row lies, in a draw, by themselves and in a loss") {
  // Rows that begin at a multiple of 16 bytes and rows that do not, whole packs of four and what is left over.
  for (int64_t v : {1, 3, 7, 64, 1026, 5001, 17003}) {
    const Problem p(4, v);
    each_device([&](TestDevice& d) {
      Workload need;
      need.vocab = v;
      d.reserve(need);
      std::vector<int32_t> targets = p.targets;
      targets[1] = 0;
      Logps want;
      std::vector<float> gradient;
      for (int64_t gap : {int64_t{0}, int64_t{1}, (4 - v % 4) % 4, 8 - v % 4}) {
        Array logits(d, Dtype::f32, {p.rows, v, gap});
        logits.set(p.logits);
        const Logps got = logps(d, logits, targets, p.inv_temperature);
        if (want.logps.empty()) want = got;
        CHECK(same_bits(got.logps, want.logps) && same_bits(got.entropies, want.entropies));
        std::vector<Draw> draws;
        for (uint32_t i = 0; i < 4; ++i) draws.push_back({{0, 0, 0, i, 0}, -1, kNan, kNan});
        d.run([&](Ops& ops) {
          ops.sample(logits.rows(), {{0.9f, 0, 1, 0, 5}, nullptr, p.inv_temperature}, draws.data(), p.rows);
        });
        std::vector<int32_t> drawn;
        for (const Draw& draw : draws) drawn.push_back(draw.token);
        const Logps of_drawn = logps(d, logits, drawn, p.inv_temperature);
        for (size_t i = 0; i < draws.size(); ++i) {
          CHECK_EQ(draws[i].logp, of_drawn.logps[i]);
          CHECK_EQ(draws[i].entropy, want.entropies[i]);
        }
        std::vector<TokenResult> results;
        const TokenLosses losses = p.losses(results);
        d.run([&](Ops& ops) { ops.token_losses(in_place(logits, Dtype::bf16), logits.rows(), losses, p.rows); });
        for (size_t i = 0; i < results.size(); ++i) {
          if (p.targets[i] < 0) continue;
          CHECK_EQ(results[i].logp, want.logps[i]);
          CHECK_EQ(results[i].entropy, want.entropies[i]);
        }
        const std::vector<float> got_gradient = read_in_place(logits, Dtype::bf16);
        if (gradient.empty()) gradient = got_gradient;
        CHECK(same_bits(got_gradient, gradient));
      }
    });
  }
}

TEST("head: a broken row breaks its own loss alone") {
  const Problem p(3, 77);
  each_device([&](TestDevice& d) {
    std::vector<float> x = p.logits;
    x[2 * 77 + 60] = kNan;
    Array logits(d, Dtype::f32, {p.rows, p.v});
    logits.set(x);
    std::vector<TokenResult> results;
    const TokenLosses losses = p.losses(results);
    d.run([&](Ops& ops) { ops.token_losses(logits.rows(), logits.rows(), losses, p.rows); });
    CHECK(std::isfinite(results[0].logp) && std::isfinite(results[0].loss));
    CHECK(std::isnan(results[2].logp) && std::isnan(results[2].entropy) && std::isnan(results[2].loss));
    const std::vector<float> gradient = logits.get();
    for (size_t i = 0; i < 2 * 77; ++i) CHECK(std::isfinite(gradient[i]));
  });
}

TEST("head: the reference gradients pass central differences") {
  std::vector<double> x = to_double(random_logits(23, 2, 9));
  const double t = 1 / 0.8;
  for (int32_t target : {0, 11, 22})
    CHECK_NEAR(gradient_error(x, ref::logp_gradient(x, t, target), [&] { return ref::head_row(x, t, target).logp; }), 0,
               1e-9);
  CHECK_NEAR(gradient_error(x, ref::entropy_gradient(x, t), [&] { return ref::head_row(x, t, 0).entropy; }), 0, 1e-9);
}
