// The reference cases of Transformers, TRL and PyTorch, where they are at hand, on every instruction set.
#include "golden/golden.h"

#include <filesystem>

#include "ops/kernels.h"
#include "tool/test.h"

namespace glossa::test {

TEST("golden: every case is within its bounds on every instruction set") {
  const std::string all = shared_path("golden/cases"), losses = shared_path("golden/later/losses");
  if (!std::filesystem::exists(all)) SKIP("no reference cases at " + all);
  for (const std::string& dir : {all, losses})
    for (const std::string& isa : supported_isas())
      for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
        EngineOptions options;
        options.isa = isa;
        options.threads = 2;
        options.dtype = dtype;
        Result<std::vector<GoldenCase>> cases = run_golden(dir, options);
        CHECK(cases.ok());
        if (!cases.ok()) return;
        int passed = 0;
        for (const GoldenCase& c : cases.value()) {
          if (c.state == "pass") ++passed;
          if (c.state != "pass") fail(__FILE__, __LINE__, isa + " " + c.name + ": " + c.detail);
          // No tiny gradient spoils the losses of these cases.
          for (const GoldenMeasure& m : c.measures)
            if (dtype == Dtype::f32 && m.name == "later_losses") CHECK(m.error <= 1e-5);
        }
        CHECK(passed >= (dir == losses ? 4 : 15));
      }
}

}  // namespace glossa::test
