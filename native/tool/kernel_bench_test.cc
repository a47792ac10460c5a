#include "tool/kernel_bench.h"

#include "io/json.h"
#include "ops/test_device.h"
#include "tool/test.h"

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
