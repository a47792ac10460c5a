// The reference cases of Transformers, TRL and PyTorch, on every instruction set: those of the repository, and any
// others at hand.
#include "golden/golden.h"

#include <filesystem>

#include "device/open.h"
#include "engine/test_folder.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

void run_cases(const std::string& dir, int least) {
  for (const std::string& isa : chosen_device({}) == "cpu" ? device_isas() : std::vector<std::string>{""})
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

// A copy of one of the repository's cases, its case.json changed; what the run says of it.
GoldenCase changed_case(const std::string& name, const std::string& from, const std::string& to) {
  const Folder folder("golden");
  const std::string copy = folder / name, json = copy + "/case.json";
  std::filesystem::copy(repository_path("test/golden/cases/" + name), copy);
  std::string text = bytes_of(json);
  const size_t at = text.find(from);
  CHECK(at != std::string::npos);
  if (at != std::string::npos) put_bytes(json, text.replace(at, from.size(), to));
  return run_golden(folder.path(), {}).value().at(0);
}

}  // namespace

TEST("golden: what a case does not say, or says wrongly, is its error and named") {
  auto error = [](const std::string& from, const std::string& to) {
    const GoldenCase c = changed_case("loss-dapo", from, to);
    CHECK_EQ(c.state, std::string("error"));
    return c.detail;
  };
  CHECK_EQ(error("\"loss_type\": \"dapo\",", ""), std::string("GOLDEN_INVALID: loss_type is missing"));
  CHECK_EQ(error("\"config\": {", "\"config\": [], \"other\": {"), std::string("GOLDEN_INVALID: loss_type is missing"));
  CHECK_EQ(error("\"top_entropy_quantile\": 1.0", "\"top_entropy_quantile\": -1e30"),
           std::string("GOLDEN_INVALID: top_entropy_quantile -1000000015047466219876688855040.000000 is out of range"));
  CHECK_EQ(changed_case("loss-dapo", "\"dapo\"", "\"ppo\"").state, std::string("skip"));
}

TEST("golden: a folder without a case has none") {
  const Folder folder("golden");
  std::filesystem::create_directory(folder / "others");
  CHECK_EQ(run_golden(folder.path(), {}).value().size(), size_t{0});
  CHECK_EQ(run_golden(folder / "nowhere", {}).status().code(), std::string("IO_ERROR"));
}

TEST("golden: every case of the repository is within its bounds on every instruction set") {
  run_cases(repository_path("test/golden/cases"), 47);
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

TEST("golden: every case of adapters beside the checkout is within its bounds on every instruction set") {
  const std::string dir = shared_path("golden/later/lora");
  if (!std::filesystem::exists(dir)) SKIP("no " + dir + ", whose cases are larger than those of the repository");
  run_cases(dir, 4);
}

}  // namespace glossa::test
