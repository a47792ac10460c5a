#include <cmath>
#include <limits>

#include "ops/gradnorm/gradnorm_ref.h"
#include "ops/test_device.h"

using namespace glossa;
using namespace glossa::test;

namespace {

const int64_t kLengths[] = {0, 1, 15, 16, 17, 1001, kNormChunk};

// Of sizes from 1e-4 to 1e4.
std::vector<float> gradient(int64_t n) {
  std::vector<float> g = random_values(7, n);
  for (size_t i = 0; i < g.size(); ++i) g[i] *= std::pow(10.0f, static_cast<float>(i % 9) - 4);
  return g;
}
std::vector<double> sums_of(TestDevice& d, const Input& g, const std::vector<Stretch>& stretches) {
  std::vector<double> sums(stretches.size(), std::nan(""));
  d.run([&](Ops& ops) { ops.sum_squares(g.values(), stretches, sums.data()); });
  return sums;
}
double sum_of(TestDevice& d, const std::vector<float>& g) {
  return sums_of(d, Input(d, g), {{0, static_cast<int64_t>(g.size()), 0, 0}})[0];
}

}  // namespace

TEST("gradnorm: every stretch's sum matches the reference") {
  const std::vector<float> g = gradient(kNormChunk + 5000);
  std::vector<Stretch> stretches;
  std::vector<double> want;
  int64_t at = 3;
  for (int64_t n : kLengths) {
    stretches.push_back({at, n, 0, 0});
    want.push_back(ref::sum_squares(g.data() + at, n));
    at += n == kNormChunk ? 0 : n + 1;
  }
  each_device([&](TestDevice& d) {
    const std::vector<double> got = sums_of(d, Input(d, g), stretches);
    for (size_t i = 0; i < got.size(); ++i) CHECK_NEAR(got[i], want[i], 1e-13 * want[i]);
  });
}

TEST("gradnorm: a stretch has the same bits alone and among others, wherever it lies, on a lane and on all") {
  const std::vector<float> g = gradient(kNormChunk);
  check_however_shared([&](TestDevice& d) {
    const Input whole(d, g);
    std::vector<Stretch> stretches;
    std::vector<double> apart;
    for (int64_t n : kLengths)
      for (int64_t at : {int64_t{0}, std::min<int64_t>(7, kNormChunk - n)}) {
        stretches.push_back({at, n, 0, 0});
        const std::vector<float> alone(g.begin() + at, g.begin() + at + n);
        apart.push_back(sum_of(d, alone));
      }
    const std::vector<double> together = sums_of(d, whole, stretches);
    CHECK(bits_of(together) == bits_of(apart));
    return bits_of(together);
  });
}

TEST("gradnorm: nothing overflows, and NaN and infinity show") {
  each_device([](TestDevice& d) {
    CHECK_NEAR(sum_of(d, std::vector<float>(100, 3e38f)) / 9e78, 1, 1e-6);
    CHECK_NEAR(sum_of(d, std::vector<float>(100, 1e-30f)) / 1e-58, 1, 1e-6);
    for (size_t at : {0u, 50u, 99u}) {
      std::vector<float> g(100, 1);
      g[at] = std::nanf("");
      CHECK(std::isnan(sum_of(d, g)));
      g[at] = -std::numeric_limits<float>::infinity();
      CHECK(std::isinf(sum_of(d, g)));
    }
  });
}
