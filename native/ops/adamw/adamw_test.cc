#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "ops/adamw/adamw_ref.h"
#include "ops/kernels.h"
#include "tool/test.h"

namespace glossa {
namespace {

AdamWStep step_of(int t, float clip) {
  AdamWStep s{1e-3f, 0.9f, 0.999f, 1e-8f, 0.1f, 0, 0, clip};
  s.bias_correction1 = static_cast<float>(1 - std::pow(static_cast<double>(s.beta1), t));
  s.bias_correction2 = static_cast<float>(1 - std::pow(static_cast<double>(s.beta2), t));
  return s;
}

}  // namespace

TEST("adamw: twenty steps match float64, at every length") {
  for (const std::string& isa : supported_isas())
    for (int64_t n : {1, 15, 16, 17, 31, 100, 1003}) {
      const size_t size = static_cast<size_t>(n);
      std::mt19937 random(static_cast<uint32_t>(n));
      std::normal_distribution<float> normal(0, 1);
      std::vector<float> w(size + 1), m(size + 1), v(size + 1), g(size + 1);
      std::vector<ref::AdamWState> want(size);
      for (size_t i = 0; i < size; ++i) {
        w[i] = 0.02f * normal(random);
        want[i] = {w[i], 0, 0};
      }
      w[size] = m[size] = v[size] = g[size] = std::nanf("");
      for (int t = 1; t <= 20; ++t) {
        // Sizes from 1e-6 to 1: a tiny gradient moves the weight as far as a large one.
        for (size_t i = 0; i < size; ++i) g[i] = normal(random) * std::pow(10.0f, -static_cast<float>(i % 7));
        const AdamWStep s = step_of(t, 0.5f);
        kernels_for(isa).value()->adamw->update(w.data(), m.data(), v.data(), g.data(), n, s);
        for (size_t i = 0; i < size; ++i)
          want[i] = ref::adamw(want[i], 0.5 * static_cast<double>(g[i]), t, s.learning_rate, s.beta1, s.beta2,
                               s.epsilon, s.weight_decay);
      }
      for (size_t i = 0; i < size; ++i) {
        const double scale = std::pow(10.0, -static_cast<double>(i % 7));
        CHECK_NEAR(w[i], want[i].w, 2e-8 + 1e-6 * std::fabs(want[i].w));
        CHECK_NEAR(m[i], want[i].m, 1e-6 * scale);
        CHECK_NEAR(v[i], want[i].v, 1e-6 * scale * scale);
      }
      CHECK(std::isnan(w[size]) && std::isnan(m[size]) && std::isnan(v[size]));
    }
}

TEST("adamw: an element does not depend on where it lies") {
  for (const std::string& isa : supported_isas()) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal(0, 1);
    std::vector<float> w(100), m(100), v(100), g(100);
    for (size_t i = 0; i < 100; ++i) {
      w[i] = normal(random);
      m[i] = normal(random);
      v[i] = std::fabs(normal(random));
      g[i] = normal(random);
    }
    auto w1 = w, m1 = m, v1 = v;
    auto update = kernels_for(isa).value()->adamw->update;
    update(w.data(), m.data(), v.data(), g.data(), 100, step_of(3, 1));
    for (int64_t i = 0, n = 1; i < 100; i += n, n = n % 19 + 1) {
      if (n > 100 - i) n = 100 - i;
      update(w1.data() + i, m1.data() + i, v1.data() + i, g.data() + i, n, step_of(3, 1));
    }
    CHECK(std::memcmp(w.data(), w1.data(), 400) == 0);
    CHECK(std::memcmp(m.data(), m1.data(), 400) == 0);
    CHECK(std::memcmp(v.data(), v1.data(), 400) == 0);
  }
}

TEST("adamw: learning rate 0 leaves every weight as it was") {
  for (const std::string& isa : supported_isas()) {
    std::vector<float> w = {1.5f, -2e-9f, 3e20f}, m(3, 0.1f), v(3, 0.2f), g = {1, -2, 3};
    const std::vector<float> before = w;
    AdamWStep s = step_of(1, 1);
    s.learning_rate = 0;
    kernels_for(isa).value()->adamw->update(w.data(), m.data(), v.data(), g.data(), 3, s);
    CHECK(w == before);
  }
}

}  // namespace glossa
