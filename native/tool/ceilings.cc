#include "tool/ceilings.h"

#include <algorithm>

#include "ops/kernels.h"
#include "tool/kernel_bench.h"

namespace glossa::tool {
namespace {

Result<Ceilings> of_cpu(const EngineOptions& options) {
  const Result<const Kernels*> kernels = options.isa.empty() ? default_kernels() : kernels_for(options.isa);
  if (!kernels.ok()) return kernels.status();
  const int threads = options.threads > 0 ? options.threads : host_cores();
  Ceilings c{};
  // The best of several: a core that another process holds for a moment would make the ceiling too low.
  for (int i = 0; i < 5; ++i)
    c.flops = std::max(c.flops, measured_peak_flops(*kernels.value(), options.dtype, threads));
  c.bytes = measured_read_bandwidth(*kernels.value(), threads);
  return c;
}

}  // namespace

Result<Ceilings> measure_ceilings(const EngineOptions& options) {
  const std::string device = chosen_device(options.device());
  if (device == "cpu") return of_cpu(options);
  const Result<std::unique_ptr<Device>> opened = open_device(options.device(), 0);
  if (!opened.ok()) return opened.status();
  KernelBench::Settings settings;
  settings.small = is_emulated(device);
  settings.json = true;
  KernelBench bench(*opened.value(), device, settings);
  bench.ceilings(options.dtype);
  return Ceilings{bench.product(), bench.copy()};
}

}  // namespace glossa::tool
