#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "ops/embedding/embedding_ref.h"
#include "ops/kernels.h"
#include "tool/test.h"

namespace glossa {
namespace {

constexpr int64_t kVocab = 7;

std::vector<float> random_values(int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 1);
  std::vector<float> x(static_cast<size_t>(n));
  for (float& value : x) value = normal(random);
  return x;
}
std::vector<double> wide(const std::vector<float>& x) {
  return std::vector<double>(x.begin(), x.end());
}

const std::vector<int32_t> kIds = {3, 0, 3, 6, 3, 1, 0, 6, 6, 5};
const int64_t kRows = static_cast<int64_t>(kIds.size());

}  // namespace

TEST("embedding: forward copies rows") {
  for (const std::string& isa : supported_isas())
    for (int64_t d : {1, 16, 19, 64}) {
      std::vector<float> table = random_values(kVocab * d, 1), x(static_cast<size_t>(kRows * d) + 1, std::nanf(""));
      kernels_for(isa).value()->embedding->forward(x.data(), table.data(), kIds.data(), kRows, d);
      CHECK(std::isnan(x.back()));
      x.pop_back();
      CHECK(wide(x) == ref::embedding(wide(table), kIds, d));
    }
}

TEST("embedding: backward adds to what is there, and a split of the columns changes no bit") {
  for (const std::string& isa : supported_isas())
    for (int64_t d : {1, 16, 19, 64}) {
      auto backward = kernels_for(isa).value()->embedding->backward;
      std::vector<float> dx = random_values(kRows * d, 2), start = random_values(kVocab * d, 3), whole = start,
                         split = start;
      backward(whole.data(), dx.data(), kIds.data(), kRows, d, 0, d);
      const std::vector<double> want = ref::embedding_gradient(wide(dx), kIds, kVocab, d);
      for (size_t i = 0; i < whole.size(); ++i) CHECK_NEAR(whole[i], start[i] + want[i], 2e-6);
      for (int64_t c = 0; c < d; c += 5)
        backward(split.data(), dx.data(), kIds.data(), kRows, d, c, c + 5 < d ? c + 5 : d);
      CHECK(std::memcmp(whole.data(), split.data(), whole.size() * sizeof(float)) == 0);
      // Columns outside the range are left alone.
      std::vector<float> part = start;
      backward(part.data(), dx.data(), kIds.data(), kRows, d, d / 3, d / 2);
      for (int64_t i = 0; i < kVocab * d; ++i)
        if (i % d < d / 3 || i % d >= d / 2) CHECK_EQ(part[static_cast<size_t>(i)], start[static_cast<size_t>(i)]);
    }
}

}  // namespace glossa
