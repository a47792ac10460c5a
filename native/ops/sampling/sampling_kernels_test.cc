// What only this device's kernels promise.
#include "ops/kernels.h"
#include "ops/test_values.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;

TEST("sampling: a draw takes no more scratch than a float a logit") {
  for (const std::string& isa : supported_isas())
    for (int64_t v : {1, 15, 16, 17, 1000}) {
      const std::vector<float> logits = random_values(1, v);
      for (const SamplingSettings& s : {SamplingSettings{0, 0, 1, 0, 1}, {1, 0, 1, 0, 1}, {1, 5, 0.9f, 0.1f, 1}}) {
        std::vector<float> scratch = poison(v + 16);
        kernels_for(isa).value()->sampling->draw(logits.data(), v, nullptr, s, {}, scratch.data());
        CHECK(same_bits(scratch.data() + v, poison(16).data(), 16));
      }
    }
}
