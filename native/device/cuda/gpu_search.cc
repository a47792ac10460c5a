#include "device/cuda/gpu_search.h"

namespace glossa {
namespace {

std::string version(int cuda) {
  return std::to_string(cuda / 1000) + "." + std::to_string(cuda % 1000 / 10);
}

}  // namespace

Result<int> gpus_found(const GpuSearch& s) {
  // Where there is no driver the runtime says that it is too old.
  if (!s.error.empty() && s.driver == 0)
    return Status("GPU_NOT_FOUND",
                  "no GPU: this machine has no NVIDIA driver; install it (www.nvidia.com/drivers, or the "
                  "system's package for it), or give a container the machine's GPUs (--gpus all)");
  if (s.insufficient_driver)
    return Status("GPU_DRIVER_TOO_OLD",
                  "the NVIDIA driver" +
                      (s.driver > 0 ? " knows CUDA " + version(s.driver) + ", which" : std::string()) +
                      " is older than CUDA " + version(s.runtime) +
                      ", which this program was built with; install a newer driver (nvidia-smi shows which it is)");
  if (!s.error.empty()) return Status("GPU_NOT_FOUND", "no GPU: " + s.error);
  if (s.devices == 0)
    return Status("GPU_NOT_FOUND",
                  "no GPU: the NVIDIA driver is there and shows none; CUDA_VISIBLE_DEVICES may hide it");
  return s.devices;
}

Status check_gpu(const std::string& name, int major, int minor) {
  if (major >= 8) return {};
  return Status("GPU_TOO_OLD", name + " has compute capability " + std::to_string(major) + "." + std::to_string(minor) +
                                   "; 8.0 is the least that the kernels run on");
}

}  // namespace glossa
