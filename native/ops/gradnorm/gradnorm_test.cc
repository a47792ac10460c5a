#include <cmath>
#include <limits>
#include <vector>

#include "ops/gradnorm/gradnorm_ref.h"
#include "ops/kernels.h"
#include "ops/test_values.h"
#include "tool/test.h"

namespace glossa {
namespace {

// Of sizes from 1e-4 to 1e4.
std::vector<float> gradient(int64_t n) {
  std::vector<float> g = test::random_values(7, n);
  for (size_t i = 0; i < g.size(); ++i) g[i] *= std::pow(10.0f, static_cast<float>(i % 9) - 4);
  return g;
}

}  // namespace

TEST("gradnorm: matches the reference at every length and has the same bits on every instruction set") {
  for (int64_t n : {int64_t{0}, int64_t{1}, int64_t{15}, int64_t{16}, int64_t{17}, int64_t{1001}, kNormChunk}) {
    const std::vector<float> g = gradient(n);
    const double want = ref::sum_squares(g.data(), n),
                 portable = kernels_for("portable").value()->gradnorm->sum_squares(g.data(), n);
    CHECK_NEAR(portable, want, 1e-13 * want);
    for (const std::string& isa : supported_isas())
      CHECK_EQ(kernels_for(isa).value()->gradnorm->sum_squares(g.data(), n), portable);
  }
}

TEST("gradnorm: nothing overflows, and NaN and infinity show") {
  for (const std::string& isa : supported_isas()) {
    auto sum = kernels_for(isa).value()->gradnorm->sum_squares;
    std::vector<float> g(100, 3e38f);
    CHECK_NEAR(sum(g.data(), 100) / 9e78, 1, 1e-6);
    g.assign(100, 1e-30f);
    CHECK_NEAR(sum(g.data(), 100) / 1e-58, 1, 1e-6);
    for (size_t at : {0u, 50u, 99u}) {
      g.assign(100, 1);
      g[at] = std::nanf("");
      CHECK(std::isnan(sum(g.data(), 100)));
      g[at] = -std::numeric_limits<float>::infinity();
      CHECK(std::isinf(sum(g.data(), 100)));
    }
  }
}

}  // namespace glossa
