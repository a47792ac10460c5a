// Opens the device that an engine computes on.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "device/device.h"

namespace glossa {

// Whether the threads of a CPU share each product, or each goes through the layers alone. Changes no result.
enum class Sharing : uint8_t { automatic, never, always };

struct DeviceOptions {
  int threads = 0;  // of the host. 0: as many as cores
  std::string isa;  // "": the best of this processor, or GLOSSA_ISA
  Sharing sharing = Sharing::automatic;
  std::optional<ActivationPlan> activations = {};  // none: the device's own
  // "cpu", or a backend's name, and after a colon which one: "cuda:1". "": GLOSSA_DEVICE, or "cpu".
  std::string device = {};
  Dtype type = Dtype::f32;  // of the model's operands
  // A GPU's products may be cut along k, so that a row's bits depend on the rows beside it. Nothing to a CPU.
  bool fast = false;
  Recompute recompute = Recompute::device;
  ActivationPlan activations_of(const ActivationPlan& own) const {
    return with_recompute(activations.value_or(own), recompute);
  }
};

// What this machine offers.
std::vector<std::string> device_isas();   // instruction sets that this processor has kernels for, best last
std::vector<std::string> device_names();  // that open_device takes here: "cpu", "cuda:0", ...
std::string chosen_device(const DeviceOptions&);
// Of GPUs in words: which there are, or why none can be used; then the library that makes their products, or what is
// missing for that, whether or not there is a GPU. It touches none.
std::string gpu_state();
// Whether that device is an emulation, which is some hundred times as slow as what it stands for.
bool is_emulated(const std::string& device);
int host_cores();  // that this process may use: affinity and the container's quota, at least 1
// Device::measured_flops of a device that is opened for it.
Result<double> measured_flops(const DeviceOptions&, Dtype);

// matrix_bytes: of the weights that every row's products read. Codes: INVALID_ARGUMENT, those of kernels_for;
// DEVICE_UNKNOWN, DEVICE_NOT_BUILT and a backend's own.
Result<std::unique_ptr<Device>> open_device(const DeviceOptions&, int64_t matrix_bytes);

}  // namespace glossa
