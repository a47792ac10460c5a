// `glossa-native bench kernels`: the operators that a step is made of, one by one, at the shapes of Qwen2.5-1.5B;
// attention also at those of other models.
#include <cstdio>
#include <cstdlib>

#include "base/caught.h"
#include "device/open.h"
#include "tool/bench.h"
#include "tool/command.h"
#include "tool/compare.h"
#include "tool/kernel_bench.h"

COMMAND("bench kernels", "[--device name] [--only text] [--small] [--tflops x] [--compare FILE] [--allow] [--json]",
        "operators beside what the device's memory and products reach; --tflops: of the card's products, where known") {
  using namespace glossa;
  using namespace glossa::tool;
  if (Status s = check_earlier(args); !s.ok()) {
    std::fprintf(stderr, "%s: %s\n", s.code().c_str(), s.message().c_str());
    return 2;
  }
  DeviceOptions options;
  options.device = args.text("--device");
  options.type = Dtype::bf16;
  options.sharing = Sharing::always;
  Result<std::unique_ptr<Device>> device = open_device(options, 0);
  if (!device.ok()) {
    std::fprintf(stderr, "%s: %s\n", device.status().code().c_str(), device.status().message().c_str());
    return 1;
  }
  KernelBench::Settings settings;
  settings.only = args.text("--only");
  settings.small = args.has("--small");
  settings.json = args.has("--json");
  settings.product_tflops = args.real("--tflops", 0);
  const std::string name = chosen_device(options) + " (" + device.value()->name() + ")";
  KernelBench bench(*device.value(), name, settings);
  try {
    bench_kernels(bench);
  } catch (...) {
    const Status s = caught("the bench");
    std::fprintf(stderr, "%s: %s\n", s.code().c_str(), s.message().c_str());
    return 1;
  }
  if (bench.cases() > 0) return conclude(args, bench.result());
  std::fprintf(stderr, "no case's name contains \"%s\"\n", settings.only.c_str());
  std::printf("%s\n", bench.result().c_str());
  return 2;
}
