#include <cmath>

#include "ops/adamw/adamw_ref.h"
#include "ops/test_device.h"

using namespace glossa;
using namespace glossa::test;

namespace {

AdamWStep step_of(int t, float clip) {
  AdamWStep s{1e-3f, 0.9f, 0.999f, 1e-8f, 0.1f, 0, 0, clip};
  s.bias_correction1 = static_cast<float>(1 - std::pow(static_cast<double>(s.beta1), t));
  s.bias_correction2 = static_cast<float>(1 - std::pow(static_cast<double>(s.beta2), t));
  return s;
}

// Stretches of every length, each with a decay of its own; between their weights lie others that do not train.
struct Vector {
  std::vector<Stretch> stretches;
  int64_t size = 0, weights = 0;

  Vector() {
    for (int64_t n : {1, 15, 16, 17, 31, 100, 1003}) {
      stretches.push_back({size, n, n % 2 ? 0.1f : 0.0f, weights});
      size += n;
      weights += n + (n % 3 == 1 ? 5 : 0);
    }
  }
  // Sizes from 1e-6 to 1: a tiny gradient moves the weight as far as a large one.
  std::vector<float> gradient(int t) const {
    std::vector<float> g = random_values(static_cast<uint64_t>(t), size, 2);
    for (size_t i = 0; i < g.size(); ++i) g[i] *= std::pow(10.0f, -static_cast<float>(i % 7));
    return g;
  }
};

struct State {
  Array w, m, v;
  State(TestDevice& d, const std::vector<float>& start, int64_t trained)
      : w(d, Dtype::f32, {1, static_cast<int64_t>(start.size())}),
        m(d, Dtype::f32, {1, trained}),
        v(d, Dtype::f32, {1, trained}) {
    w.set(start);
    m.set(std::vector<float>(static_cast<size_t>(trained)));
    v.set(std::vector<float>(static_cast<size_t>(trained)));
  }
  void step(TestDevice& d, const Input& g, const std::vector<Stretch>& stretches, const AdamWStep& s) {
    d.run([&](Ops& ops) { ops.adamw(w.values(), m.values(), v.values(), g.values(), stretches, s); });
  }
  Bits bits() const { return {w.bytes(), m.bytes(), v.bytes()}; }
};

}  // namespace

TEST("adamw: twenty steps match float64, at every length, each stretch with its decay") {
  constexpr int kSteps = 20;
  const Vector x;
  const std::vector<float> start = random_values(99, x.weights, 0.04f);
  std::vector<std::vector<float>> gradients;
  for (int t = 1; t <= kSteps; ++t) gradients.push_back(x.gradient(t));
  std::vector<double> w64 = to_double(start), m64(static_cast<size_t>(x.size)), v64 = m64;
  for (const Stretch& stretch : x.stretches)
    for (int64_t i = 0; i < stretch.size; ++i) {
      const auto at = static_cast<size_t>(stretch.offset + i), weight = static_cast<size_t>(stretch.masters + i);
      ref::AdamWState state = {w64[weight], 0, 0};
      for (int t = 1; t <= kSteps; ++t) {
        const AdamWStep s = step_of(t, 0.5f);
        state =
            ref::adamw(state, 0.5 * static_cast<double>(gradients[static_cast<size_t>(t - 1)][at]), t,
                       static_cast<double>(s.learning_rate), static_cast<double>(s.beta1), static_cast<double>(s.beta2),
                       static_cast<double>(s.epsilon), static_cast<double>(stretch.weight_decay));
      }
      w64[weight] = state.w;
      m64[at] = state.m;
      v64[at] = state.v;
    }
  each_device([&](TestDevice& d) {
    State state(d, start, x.size);
    for (int t = 1; t <= kSteps; ++t)
      state.step(d, Input(d, gradients[static_cast<size_t>(t - 1)]), x.stretches, step_of(t, 0.5f));
    const std::vector<float> w = state.w.get(), m = state.m.get(), v = state.v.get();
    for (size_t i = 0; i < w.size(); ++i) CHECK_NEAR(w[i], w64[i], 2e-8 + 1e-6 * std::fabs(w64[i]));
    for (size_t i = 0; i < m.size(); ++i) {
      const double scale = std::pow(10.0, -static_cast<double>(i % 7));
      CHECK_NEAR(m[i], m64[i], 1e-6 * scale);
      CHECK_NEAR(v[i], v64[i], 1e-6 * scale * scale);
    }
  });
}

TEST("adamw: an element depends neither on where it lies nor on how the vector is cut, on a lane and on all") {
  const Vector x;
  check_however_shared([&](TestDevice& d) {
    const std::vector<float> start = random_values(99, x.weights);
    std::vector<Stretch> pieces;
    for (const Stretch& s : x.stretches)
      for (int64_t at = 0, n = 1; at < s.size; at += n, n = n % 19 + 1)
        pieces.push_back({s.offset + at, std::min(n, s.size - at), s.weight_decay, s.masters + at});
    State whole(d, start, x.size), cut(d, start, x.size), one_by_one(d, start, x.size);
    for (int t : {1, 2, 3}) {
      const Input g(d, x.gradient(t));
      const AdamWStep s = step_of(t, 1);
      whole.step(d, g, x.stretches, s);
      cut.step(d, g, pieces, s);
      for (const Stretch& stretch : x.stretches) one_by_one.step(d, g, {stretch}, s);
      whole.step(d, g, {}, s);
    }
    CHECK(cut.bits() == whole.bits());
    CHECK(one_by_one.bits() == whole.bits());
    return whole.bits();
  });
}

// Longer than a piece that a GPU's block takes, at the start of the arrays and at odd places in them.
TEST("adamw: a long stretch has the same bits wherever it lies") {
  constexpr int64_t kLength = 9001, kPlace = 3, kMasters = 5;
  const std::vector<float> start = random_values(1, kLength), gradient = random_values(2, kLength);
  auto moved = [](const std::vector<float>& x, int64_t by) {
    std::vector<float> y(static_cast<size_t>(by));
    y.insert(y.end(), x.begin(), x.end());
    return y;
  };
  each_device([&](TestDevice& d) {
    State here(d, start, kLength), there(d, moved(start, kMasters), kLength + kPlace);
    const Input g(d, gradient), g_moved(d, moved(gradient, kPlace));
    for (int t : {1, 2}) {
      here.step(d, g, {{0, kLength, 0.1f, 0}}, step_of(t, 0.5f));
      there.step(d, g_moved, {{kPlace, kLength, 0.1f, kMasters}}, step_of(t, 0.5f));
    }
    CHECK(same_bits(there.w.get(), moved(here.w.get(), kMasters)));
    CHECK(same_bits(there.m.get(), moved(here.m.get(), kPlace)));
    CHECK(same_bits(there.v.get(), moved(here.v.get(), kPlace)));
    double moved_least = 1;
    const std::vector<float> after = here.w.get();
    for (size_t i = 0; i < after.size(); ++i)
      moved_least = std::min(moved_least, std::fabs(static_cast<double>(after[i]) - static_cast<double>(start[i])));
    CHECK(moved_least > 1e-3);  // about the learning rate a step: nothing was left out
  });
}

TEST("adamw: learning rate 0 leaves every weight as it was") {
  const std::vector<float> start = {1.5f, -2e-9f, 3e20f};
  AdamWStep s = step_of(1, 1);
  s.learning_rate = 0;
  each_device([&](TestDevice& d) {
    State state(d, start, 3);
    state.step(d, Input(d, {1, -2, 3}), {{0, 3, 0.1f, 0}}, s);
    CHECK(same_bits(state.w.get(), start));
  });
}
