// What only this device's kernels promise.
#include "ops/kernels.h"
#include "ops/test_values.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;

TEST("gradnorm: the sum has the same bits on every instruction set") {
  for (int64_t n : {int64_t{0}, int64_t{1}, int64_t{15}, int64_t{16}, int64_t{17}, int64_t{1001}, kNormChunk}) {
    const std::vector<float> g = random_values(7, n, 1e3f);
    const double portable = kernels_for("portable").value()->gradnorm->sum_squares(g.data(), n);
    for (const std::string& isa : supported_isas())
      CHECK_EQ(kernels_for(isa).value()->gradnorm->sum_squares(g.data(), n), portable);
  }
}
