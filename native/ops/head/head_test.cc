#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "ops/head/head_ref.h"
#include "ops/kernels.h"
#include "ops/test_values.h"
#include "tool/test.h"

namespace glossa {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
const float kNan = std::nanf("");

std::vector<float> random_logits(int64_t v, float spread, uint32_t seed) {
  return test::random_values(seed, v, 2 * spread);
}

struct Row {
  float logp = kNan, entropy = kNan, stats[2] = {kNan, kNan};
};
Row run(const HeadKernels& head, const std::vector<float>& logits, float inv_temperature, int32_t target) {
  Row r;
  head.logp_row(logits.data(), static_cast<int64_t>(logits.size()), inv_temperature, target, &r.logp, &r.entropy,
                r.stats);
  return r;
}

template <class F>
void for_each_isa(F f) {
  for (const std::string& isa : supported_isas()) f(*kernels_for(isa).value()->head);
}

const int64_t kSizes[] = {1, 2, 15, 16, 17, 48, 255, 1000, 1023, 1024, 1025, 5003, 151936};

}  // namespace

TEST("head: log-probability and entropy match float64") {
  for_each_isa([](const HeadKernels& head) {
    for (int64_t v : kSizes)
      for (float spread : {0.1f, 3.0f, 30.0f})
        for (float inv_temperature : {1.0f, 1 / 0.7f}) {
          std::vector<float> x = random_logits(v, spread, static_cast<uint32_t>(v));
          for (int32_t target : {int32_t{0}, static_cast<int32_t>(v / 2), static_cast<int32_t>(v - 1)}) {
            Row got = run(head, x, inv_temperature, target);
            ref::HeadRow want = ref::head_row(test::to_double(x), static_cast<double>(inv_temperature), target);
            CHECK_NEAR(got.logp, want.logp, 4e-6 + 3e-7 * std::fabs(want.logp));
            CHECK_NEAR(got.entropy, want.entropy, 4e-6 + 1e-6 * want.entropy);
          }
        }
  });
}

TEST("head: a peaked row keeps its small entropy") {
  for_each_isa([](const HeadKernels& head) {
    std::vector<float> x(1000, 0.0f);
    x[3] = 25;
    Row got = run(head, x, 1, 3);
    ref::HeadRow want = ref::head_row(test::to_double(x), 1, 3);
    CHECK(want.entropy < 1e-6);
    CHECK_NEAR(got.entropy, want.entropy, 2e-7);
    CHECK(got.entropy >= 0);
  });
}

TEST("head: masked logits count for nothing, an empty or broken row gives NaN") {
  for_each_isa([](const HeadKernels& head) {
    std::vector<float> x = random_logits(77, 2, 1), kept;
    for (size_t i = 0; i < x.size(); ++i) {
      if (i % 3 == 0) x[i] = -kInf;
      if (i % 3 != 0) kept.push_back(x[i]);
    }
    Row got = run(head, x, 1, 1);
    ref::HeadRow want = ref::head_row(test::to_double(kept), 1, 0);
    CHECK_NEAR(got.logp, want.logp, 4e-6);
    CHECK_NEAR(got.entropy, want.entropy, 4e-6);
    CHECK_EQ(run(head, x, 1, 0).logp, -kInf);
    std::vector<float> g(x.size(), kNan);
    head.gradient_row(g.data(), Dtype::f32, x.data(), 77, 1, 1, {0.5f, 0}, got.entropy, got.stats);
    for (size_t i = 0; i < x.size(); ++i) CHECK(i % 3 == 0 ? g[i] == 0 : std::isfinite(g[i]));

    CHECK(std::isnan(run(head, std::vector<float>(40, -kInf), 1, 0).logp));
    for (float bad : {kNan, kInf})
      for (size_t at : {0u, 20u, 39u}) {
        std::vector<float> y = random_logits(40, 1, 2);
        y[at] = bad;
        CHECK(std::isnan(run(head, y, 1, 5).logp));
        CHECK(std::isnan(run(head, y, 1, 5).entropy));
      }
  });
}

TEST("head: gradient matches float64, in both types, in place or not") {
  for_each_isa([](const HeadKernels& head) {
    for (int64_t v : kSizes) {
      const float inv_temperature = 1 / 0.9f;
      std::vector<float> x = random_logits(v, 3, static_cast<uint32_t>(v));
      for (int32_t target : {int32_t{0}, static_cast<int32_t>(v - 1)}) {
        for (TokenSlope slope : {TokenSlope{-0.37f, 0}, TokenSlope{-0.37f, 0.21f}, TokenSlope{0, 0.21f}}) {
          std::vector<double> want =
                                  ref::logp_gradient(test::to_double(x), static_cast<double>(inv_temperature), target),
                              of_entropy =
                                  ref::entropy_gradient(test::to_double(x), static_cast<double>(inv_temperature));
          for (size_t i = 0; i < want.size(); ++i)
            want[i] = static_cast<double>(slope.logp) * want[i] + static_cast<double>(slope.entropy) * of_entropy[i];
          Row row = run(head, x, inv_temperature, target);
          const size_t n = x.size();
          std::vector<float> g(n + 1, kNan);
          head.gradient_row(g.data(), Dtype::f32, x.data(), v, inv_temperature, target, slope, row.entropy, row.stats);
          for (size_t i = 0; i < n; ++i) CHECK_NEAR(g[i], want[i], 2e-7 + 2e-6 * std::fabs(want[i]));
          CHECK(std::isnan(g[n]));

          std::vector<float> in_place = x;
          head.gradient_row(in_place.data(), Dtype::f32, in_place.data(), v, inv_temperature, target, slope,
                            row.entropy, row.stats);
          CHECK(std::memcmp(in_place.data(), g.data(), n * 4) == 0);

          std::vector<uint16_t> narrow(n + 1, 0xffff);
          head.gradient_row(narrow.data(), Dtype::bf16, x.data(), v, inv_temperature, target, slope, row.entropy,
                            row.stats);
          for (size_t i = 0; i < n; ++i) CHECK_EQ(narrow[i], to_bf16(g[i]));
          CHECK_EQ(narrow[n], 0xffff);
          in_place = x;
          head.gradient_row(in_place.data(), Dtype::bf16, in_place.data(), v, inv_temperature, target, slope,
                            row.entropy, row.stats);
          CHECK(std::memcmp(in_place.data(), narrow.data(), n * 2) == 0);
        }
      }
    }
  });
}

TEST("head: the reference gradients pass central differences") {
  std::vector<double> x = test::to_double(random_logits(23, 2, 9));
  for (int32_t target : {0, 11, 22}) {
    std::vector<double> g = ref::logp_gradient(x, 1 / 0.8, target), of_entropy = ref::entropy_gradient(x, 1 / 0.8);
    for (size_t i = 0; i < x.size(); ++i) {
      const double h = 1e-5;
      std::vector<double> up = x, down = x;
      up[i] += h;
      down[i] -= h;
      double slope = (ref::head_row(up, 1 / 0.8, target).logp - ref::head_row(down, 1 / 0.8, target).logp) / (2 * h);
      CHECK_NEAR(g[i], slope, 1e-9);
      slope = (ref::head_row(up, 1 / 0.8, target).entropy - ref::head_row(down, 1 / 0.8, target).entropy) / (2 * h);
      CHECK_NEAR(of_entropy[i], slope, 1e-9);
    }
  }
}

}  // namespace glossa
