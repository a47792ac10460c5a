#include "device/open.h"

#include <cstdlib>

#include "base/caught.h"
#include "device/backend.h"
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

std::vector<Backend>& all_backends() {
  static auto* backends = new std::vector<Backend>();
  return *backends;
}

// The whole number after a backend's name and a colon; 0 where nothing stands; -1: neither.
int index_of(const std::string& text) {
  if (text.empty()) return 0;
  if (text.size() < 2 || text.size() > 4 || text[0] != ':') return -1;
  int index = 0;
  for (char c : text.substr(1)) {
    if (c < '0' || c > '9') return -1;
    index = index * 10 + (c - '0');
  }
  return index;
}

Result<std::unique_ptr<Device>> open_backend(const DeviceOptions& options, const std::string& device) {
  for (const Backend& b : backends()) {
    if (device.rfind(b.name, 0) != 0) continue;
    const int index = index_of(device.substr(std::string(b.name).size()));
    if (index < 0) continue;
    const Result<int> count = b.count();
    if (!count.ok()) return count.status();
    if (index >= count.value())
      return Status("GPU_NOT_FOUND",
                    "there is no " + device + ": this machine has " + std::to_string(count.value()) + " of its kind");
    DeviceOptions mine = options;
    mine.threads = threads_of(options);
    return b.open(mine, index, options.activations_of(smallest_plan(options.type)));
  }
  if (device.rfind("cuda", 0) == 0 && index_of(device.substr(4)) >= 0)
    return Status("DEVICE_NOT_BUILT",
                  "this build computes on the CPU alone; `npm run build:cuda` makes one for NVIDIA GPUs");
  return Status("DEVICE_UNKNOWN", "device \"" + device + "\"; expected cpu, cuda or cuda:N");
}

}  // namespace

AddBackend::AddBackend(const Backend& b) {
  all_backends().push_back(b);
}
const std::vector<Backend>& backends() {
  return all_backends();
}

std::string chosen_device(const DeviceOptions& options) {
  if (!options.device.empty()) return options.device;
  const char* asked = std::getenv("GLOSSA_DEVICE");
  return asked && *asked ? asked : "cpu";
}

bool is_emulated(const std::string& device) {
  return device.rfind("emulated", 0) == 0;
}

std::vector<std::string> device_names() {
  std::vector<std::string> names{"cpu"};
  for (const Backend& b : backends()) {
    const Result<int> count = b.count();
    for (int i = 0; count.ok() && i < count.value(); ++i) names.push_back(b.name + (":" + std::to_string(i)));
  }
  return names;
}

std::string gpu_state() {
  if (backends().empty())
    return "none: this build computes on the CPU alone (npm run build:cuda makes one for NVIDIA GPUs)";
  std::vector<std::string> parts;
  for (const Backend& b : backends()) {
    const Result<int> count = b.count();
    if (!count.ok()) parts.push_back("none: " + count.status().message());
    for (int i = 0; count.ok() && i < count.value(); ++i)
      parts.push_back(std::string(b.name) + ":" + std::to_string(i) + " " + b.describe(i));
    if (const std::string library = b.library(); !library.empty()) parts.push_back(library);
  }
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

std::vector<std::string> device_isas() {
  return supported_isas();
}

int host_cores() {
  return available_cores();
}

Result<double> measured_flops(const DeviceOptions& options, Dtype type) {
  DeviceOptions of_type = options;
  of_type.type = type;
  const Result<std::unique_ptr<Device>> device = open_device(of_type, 0);
  if (!device.ok()) return device.status();
  try {
    return device.value()->measured_flops(type);
  } catch (...) {
    return caught("the ceiling");
  }
}

Result<std::unique_ptr<Device>> open_device(const DeviceOptions& options, int64_t matrix_bytes) {
  if (options.threads < 0 || options.threads > 1024)
    return Status("INVALID_ARGUMENT",
                  "threads must lie in [0, 1024], 0: as many as cores; not " + std::to_string(options.threads));
  if (options.activations && options.activations->recomputes() && !options.activations->gradients_by_layer)
    return Status("INVALID_ARGUMENT",
                  "what is recomputed is kept for one layer: its weight gradients must be made layer by layer");
  if (const std::string device = chosen_device(options); device != "cpu") return open_backend(options, device);
  Result<const Kernels*> kernels = kernels_of(options);
  if (!kernels.ok()) return kernels.status();
  const ActivationPlan plan = options.activations_of({});
  if (Status s = CpuDevice::check(plan); !s.ok()) return s;
  const int threads = threads_of(options);
  const bool together = options.sharing == Sharing::automatic ? threads > 1 && come_from_memory(matrix_bytes)
                                                              : options.sharing == Sharing::always;
  return std::unique_ptr<Device>(std::make_unique<CpuDevice>(*kernels.value(), threads, together, plan));
}

}  // namespace glossa
