#include "device/open.h"

#include "device/cpu/cpu_device.h"

namespace glossa {
namespace {

// Whether weights are too many for the caches: 64 MB is beyond the share of a last-level cache that a few cores have.
// Measured on two cores with 0.5 B parameters in bfloat16 (1 GB): decode at 32 slots and training are both 1.6 times as
// fast together.
bool come_from_memory(int64_t matrix_bytes) {
  constexpr int64_t kCached = int64_t{64} << 20;
  return matrix_bytes > kCached;
}

Result<const Kernels*> kernels_of(const DeviceOptions& options) {
  return options.isa.empty() ? default_kernels() : kernels_for(options.isa);
}

int threads_of(const DeviceOptions& options) {
  return options.threads > 0 ? options.threads : available_cores();
}

}  // namespace

std::vector<std::string> device_isas() {
  return supported_isas();
}

int host_cores() {
  return available_cores();
}

Result<double> measured_flops(const DeviceOptions& options, Dtype type) {
  Result<const Kernels*> kernels = kernels_of(options);
  if (!kernels.ok()) return kernels.status();
  return measured_peak_flops(*kernels.value(), type, threads_of(options));
}

Result<std::unique_ptr<Device>> open_device(const DeviceOptions& options, int64_t matrix_bytes) {
  if (options.threads < 0 || options.threads > 1024)
    return Status("INVALID_ARGUMENT",
                  "threads must lie in [0, 1024], 0: as many as cores; not " + std::to_string(options.threads));
  Result<const Kernels*> kernels = kernels_of(options);
  if (!kernels.ok()) return kernels.status();
  const ActivationPlan plan = options.activations.value_or(ActivationPlan{});
  if ((plan.recompute_norms || plan.recompute_product) && !plan.gradients_by_layer)
    return Status("INVALID_ARGUMENT",
                  "what is recomputed is kept for one layer: its weight gradients must be made layer by layer");
  if (Status s = CpuDevice::check(plan); !s.ok()) return s;
  const int threads = threads_of(options);
  const bool together = options.sharing == Sharing::automatic ? threads > 1 && come_from_memory(matrix_bytes)
                                                              : options.sharing == Sharing::always;
  return std::unique_ptr<Device>(std::make_unique<CpuDevice>(*kernels.value(), threads, together, plan));
}

}  // namespace glossa
