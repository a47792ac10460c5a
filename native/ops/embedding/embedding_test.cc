#include <cmath>
#include <cstring>
#include <vector>

#include "ops/embedding/embedding_ref.h"
#include "ops/kernels.h"
#include "ops/test_values.h"
#include "tool/test.h"

namespace glossa {
namespace {

constexpr int64_t kVocab = 7;

const std::vector<int32_t> kIds = {3, 0, 3, 6, 3, 1, 0, 6, 6, 5};
const int64_t kRows = static_cast<int64_t>(kIds.size());

}  // namespace

TEST("embedding: forward copies rows") {
  for (const std::string& isa : supported_isas())
    for (int64_t d : {1, 16, 19, 64}) {
      std::vector<float> table = test::random_values(1, kVocab * d),
                         x(static_cast<size_t>(kRows * d) + 1, std::nanf(""));
      kernels_for(isa).value()->embedding->forward(x.data(), table.data(), kIds.data(), kRows, d);
      CHECK(std::isnan(x.back()));
      x.pop_back();
      CHECK(test::to_double(x) == ref::embedding(test::to_double(table), kIds, d));
    }
}

TEST("embedding: backward adds to what is there, and a split of the columns changes no bit") {
  for (const std::string& isa : supported_isas())
    for (int64_t d : {1, 16, 19, 64}) {
      auto backward = kernels_for(isa).value()->embedding->backward;
      std::vector<float> dx = test::random_values(2, kRows * d), start = test::random_values(3, kVocab * d),
                         whole = start, split = start;
      backward(whole.data(), dx.data(), kIds.data(), kRows, d, 0, d, 1);
      const std::vector<double> want = ref::embedding_gradient(test::to_double(dx), kIds, kVocab, d);
      for (size_t i = 0; i < whole.size(); ++i) CHECK_NEAR(whole[i], start[i] + want[i], 2e-6);
      for (int64_t c = 0; c < d; c += 5)
        backward(split.data(), dx.data(), kIds.data(), kRows, d, c, c + 5 < d ? c + 5 : d, 1);
      CHECK(std::memcmp(whole.data(), split.data(), whole.size() * sizeof(float)) == 0);
      // Columns outside the range are left alone.
      std::vector<float> part = start;
      backward(part.data(), dx.data(), kIds.data(), kRows, d, d / 3, d / 2, 1);
      for (int64_t i = 0; i < kVocab * d; ++i)
        if (i % d < d / 3 || i % d >= d / 2) CHECK_EQ(part[static_cast<size_t>(i)], start[static_cast<size_t>(i)]);
    }
}

}  // namespace glossa
