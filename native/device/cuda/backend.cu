#include "device/backend.h"

#include "device/cuda/cuda_device.h"

namespace glossa {
namespace {

#if defined(__CUDACC__)

constexpr const char* kName = "cuda";
// Compute capability 8.0: the matrix instructions of the kernels.
constexpr int kOldest = 80;

Result<int> count() {
  int devices = 0;
  const cudaError_t error = cudaGetDeviceCount(&devices);
  if (error == cudaErrorInsufficientDriver)
    return Status("GPU_DRIVER_TOO_OLD", "the NVIDIA driver is older than CUDA " + std::to_string(CUDART_VERSION / 1000) +
                                            "; install a newer one (nvidia-smi shows which it is)");
  if (error != cudaSuccess) return Status("GPU_NOT_FOUND", std::string("no GPU: ") + cudaGetErrorString(error));
  return devices;
}

Result<std::string> name_of(int gpu) {
  cudaDeviceProp p;
  if (const cudaError_t error = cudaGetDeviceProperties(&p, gpu); error != cudaSuccess)
    return Status("GPU_NOT_FOUND", "GPU " + std::to_string(gpu) + ": " + cudaGetErrorString(error));
  if (p.major * 10 + p.minor < kOldest)
    return Status("GPU_TOO_OLD", std::string(p.name) + " has compute capability " + std::to_string(p.major) + "." +
                                     std::to_string(p.minor) + "; 8.0 is the least that the kernels run on");
  return std::string(p.name);
}

std::string describe(int gpu) {
  const Result<std::string> name = name_of(gpu);
  if (!name.ok()) return name.status().message();
  cudaDeviceProp p;
  int driver = 0;
  if (cudaGetDeviceProperties(&p, gpu) != cudaSuccess || cudaDriverGetVersion(&driver) != cudaSuccess) return name.value();
  return name.value() + ", " + std::to_string(p.totalGlobalMem / 1000000000) + " GB, driver for CUDA " +
         std::to_string(driver / 1000) + "." + std::to_string(driver % 1000 / 10);
}

#else

std::string describe(int) {
  return "runs the kernels of a GPU as ordinary C++, for tests";
}
constexpr const char* kName = "emulated-cuda";
Result<int> count() {
  return 1;
}
Result<std::string> name_of(int) {
  return std::string("emulated CUDA");
}

#endif

Result<std::unique_ptr<Device>> open(const DeviceOptions& options, int gpu, const ActivationPlan& plan) {
  const Result<std::string> name = name_of(gpu);
  if (!name.ok()) return name.status();
  try {
    return std::unique_ptr<Device>(std::make_unique<CudaDevice>(name.value(), gpu, options.threads, plan));
  } catch (...) {
    return caught("the GPU");
  }
}

const AddBackend added({kName, count, describe, open});

}  // namespace
}  // namespace glossa
