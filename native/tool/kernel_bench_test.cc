#include "tool/kernel_bench.h"

#include "engine/test_folder.h"
#include "io/json.h"
#include "ops/test_device.h"
#include "tool/compare.h"

using namespace glossa;
using namespace glossa::test;
using namespace glossa::tool;

TEST("bench kernels: every case runs on every device, and is found by its name") {
  std::vector<DeviceOptions> kinds = device_kinds();
  for (const std::string& name : device_names())
    if (kSanitized && is_emulated(name)) kinds.push_back({1, "", Sharing::never, {}, name});
  for (DeviceOptions options : kinds) {
    options.type = Dtype::bf16;
    const std::unique_ptr<Device> device = open_device(options, 0).take();
    KernelBench::Settings settings;
    settings.small = settings.json = true;
    KernelBench bench(*device, "a device", settings);
    bench_kernels(bench);
    const Result<Json> all = Json::parse(bench.result(), "the result");
    CHECK(all.ok());
    if (!all.ok()) return;
    const Json* results = all.value().find("results");
    CHECK(results && results->array.size() > 50);
    for (const Json& r : results->array) CHECK(r.find("us")->number > 0);

    settings.only = "sample";
    KernelBench later(*device, "a device", settings);
    bench_kernels(later);
    CHECK_EQ(later.cases(), 3);
  }
}

namespace {

const char* const kNow =
    R"({"bench":"engine","results":[{"what":"decode","tokens_per_s":90},{"what":"train","tokens_per_s":200},)"
    R"({"what":"step","tokens_per_s":7}]})";

}  // namespace

TEST("bench: a result is put beside an earlier one, figure by figure, and what is slower fails") {
  const Folder folder("compare");
  const std::string path = folder / "earlier.json";
  put_bytes(path,
            "what was printed before\n"
            R"({"bench":"engine","results":[{"what":"train","tokens_per_s":100},{"what":"decode","tokens_per_s":)"
            "100}]}\n\n");
  const std::vector<Comparison> compared = compare_with(kNow, path).take();
  CHECK_EQ(compared.size(), 2u);
  CHECK_EQ(compared[0].name, std::string("decode"));
  CHECK_NEAR(compared[0].ratio, 0.9, 1e-12);
  CHECK_NEAR(compared[1].ratio, 2, 1e-12);
  CHECK_EQ(conclude({}, kNow), 0);
  CHECK_EQ(conclude({"--compare", path}, kNow), 1);
  CHECK_EQ(conclude({"--compare", path, "--allow"}, kNow), 0);
  // Of kernels the time is told: twice as long is half the rate.
  put_bytes(path, R"({"bench":"kernels","results":[{"name":"rmsnorm","us":5}]})");
  const std::string kernels = R"({"bench":"kernels","results":[{"name":"rmsnorm","us":10}]})";
  CHECK_NEAR(compare_with(kernels, path).take()[0].ratio, 0.5, 1e-12);
  CHECK_EQ(conclude({"--compare", path}, kernels), 1);
}

TEST("bench: an earlier result that is not there, no JSON, or of something else is refused") {
  const Folder folder("compare");
  const std::string path = folder / "earlier.json";
  CHECK_EQ(compare_with(kNow, path).status().code(), "IO_ERROR");
  put_bytes(path, "no JSON");
  CHECK_EQ(compare_with(kNow, path).status().code(), "JSON_INVALID");
  put_bytes(path, "{}");
  CHECK_EQ(compare_with(kNow, path).status().code(), "JSON_INVALID");
  put_bytes(path, R"({"bench":"kernels","results":[{"name":"rmsnorm","us":5}]})");
  CHECK_EQ(compare_with(kNow, path).status().code(), "BENCH_DIFFERS");
  CHECK_EQ(conclude({"--compare", path}, kNow), 2);
}
