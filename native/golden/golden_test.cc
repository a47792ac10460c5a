// The reference cases of Transformers, TRL and PyTorch, on every instruction set: those of the repository, and any
// others at hand.
#include "golden/golden.h"

#include <filesystem>

#include "device/open.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

void run_cases(const std::string& dir, int least) {
  for (const std::string& isa : device_isas())
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
        if (c.state != "pass" && c.state != "skip") fail(__FILE__, __LINE__, isa + " " + c.name + ": " + c.detail);
        // No tiny gradient spoils the losses of these cases.
        for (const GoldenMeasure& m : c.measures)
          if (dtype == Dtype::f32 && m.name == "later_losses") CHECK(m.error <= 1e-5);
      }
      CHECK(passed >= least);
    }
}

}  // namespace

TEST("golden: every case of the repository is within its bounds on every instruction set") {
  run_cases(repository_path("test/golden/cases"), 44);
}

TEST("golden: every case beside the checkout is within its bounds on every instruction set") {
  const std::string dir = shared_path("golden/cases");
  if (!std::filesystem::exists(dir)) SKIP("no " + dir + ", whose cases are larger than those of the repository");
  run_cases(dir, 15);
}

TEST("golden: every case of further families beside the checkout is within its bounds on every instruction set") {
  const std::string dir = shared_path("golden/later/families");
  if (!std::filesystem::exists(dir)) SKIP("no " + dir + ", whose cases are larger than those of the repository");
  run_cases(dir, 11);
}

}  // namespace glossa::test
