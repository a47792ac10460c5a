#include "tool/kernel_bench.h"

#include "engine/test_folder.h"
#include "ops/test_device.h"

using namespace glossa;
using namespace glossa::test;
using namespace glossa::tool;

TEST("bench kernels: every case runs on every device, is found by its name and beside an earlier run") {
  std::vector<DeviceOptions> kinds = device_kinds();
  for (const std::string& name : device_names())
    if (kSanitized && is_emulated(name)) kinds.push_back({1, "", Sharing::never, {}, name});
  for (DeviceOptions options : kinds) {
    options.type = Dtype::bf16;
    const std::unique_ptr<Device> device = open_device(options, 0).take();
    KernelBench::Settings settings;
    settings.small = settings.json = true;
    auto bench = KernelBench::make(*device, "a device", settings).take();
    bench_kernels(*bench);
    const Result<Json> all = Json::parse(bench->result(), "the result");
    CHECK(all.ok());
    if (!all.ok()) return;
    const Json* results = all.value().find("results");
    CHECK(results && results->array.size() > 50);
    for (const Json& r : results->array) CHECK(r.find("us")->number > 0);

    const Folder folder("kernel_bench");
    settings.compare = folder / "earlier.json";
    put_bytes(settings.compare, "what was printed before\n" + bench->result() + "\n");
    settings.only = "sample";
    auto later = KernelBench::make(*device, "a device", settings).take();
    bench_kernels(*later);
    CHECK_EQ(later->cases(), 3);
  }
}

TEST("bench kernels: an earlier result that is no JSON is refused") {
  const std::unique_ptr<Device> device = open_device({}, 0).take();
  const Folder folder("kernel_bench");
  KernelBench::Settings settings;
  settings.compare = folder / "earlier.json";
  CHECK_EQ(KernelBench::make(*device, "a device", settings).status().code(), "IO_ERROR");
  put_bytes(settings.compare, "no JSON");
  CHECK_EQ(KernelBench::make(*device, "a device", settings).status().code(), "JSON_INVALID");
}
