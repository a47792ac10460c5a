#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>

#include "device/backend.h"
#include "device/cuda/cublas_lt.h"
#include "device/cuda/cuda_device.h"
#include "device/cuda/gpu_search.h"

namespace glossa {
namespace {

// A process has several engines, and one warning.
void warn_once(const std::string& text) {
  static std::mutex mutex;
  static auto* said = new std::set<std::string>();
  const std::lock_guard lock(mutex);
  if (said->insert(text).second) std::fprintf(stderr, "warning: %s\n", text.c_str());
}

// For comparing what attention takes with and without them.
bool warpgroups_are_wanted() {
  const char* asked = std::getenv("GLOSSA_CUDA_WARPGROUPS");
  return !asked || std::strcmp(asked, "0") != 0;
}

#if defined(__CUDACC__)

constexpr const char* kName = "cuda";
Result<int> count() {
  GpuSearch search;
  search.runtime = CUDART_VERSION;
  const cudaError_t error = cudaGetDeviceCount(&search.devices);
  if (error != cudaSuccess) search.error = cudaGetErrorString(error);
  search.insufficient_driver = error == cudaErrorInsufficientDriver;
  if (cudaDriverGetVersion(&search.driver) != cudaSuccess) search.driver = -1;
  return gpus_found(search);
}

Result<std::string> name_of(int gpu) {
  cudaDeviceProp p;
  if (const cudaError_t error = cudaGetDeviceProperties(&p, gpu); error != cudaSuccess)
    return Status("GPU_NOT_FOUND", "GPU " + std::to_string(gpu) + ": " + cudaGetErrorString(error));
  if (Status s = check_gpu(p.name, p.major, p.minor); !s.ok()) return s;
  return std::string(p.name);
}

int64_t memory_of(int gpu) {
  cudaDeviceProp p;
  return cudaGetDeviceProperties(&p, gpu) == cudaSuccess ? static_cast<int64_t>(p.totalGlobalMem) : 0;
}

std::string describe(int gpu) {
  const Result<std::string> name = name_of(gpu);
  if (!name.ok()) return name.status().message();
  cudaDeviceProp p;
  int driver = 0;
  if (cudaGetDeviceProperties(&p, gpu) != cudaSuccess || cudaDriverGetVersion(&driver) != cudaSuccess)
    return name.value();
  return name.value() + ", " + std::to_string(p.totalGlobalMem / 1000000000) + " GB, driver for CUDA " +
         std::to_string(driver / 1000) + "." + std::to_string(driver % 1000 / 10);
}

std::string library() {
  const Result<std::string> found = cublas_lt_found();
  return found.ok() ? found.value() : found.status().message();
}

Status use_all_of(CudaDevice& device, int gpu, bool fast) {
  cudaDeviceProp p;
  int driver = 0;
  if (cudaGetDeviceProperties(&p, gpu) != cudaSuccess || cudaDriverGetVersion(&driver) != cudaSuccess) return {};
  const std::string about = std::string(p.name) + ", driver " + std::to_string(driver);
  if (p.major == 9 && warpgroups_are_wanted()) device.use_warpgroups(warn_once);
  return device.find_library(p.major == 9, {about, table_path(about + (fast ? ", fast" : "")), fast, warn_once});
}

#else

// None of its own, but where a test says otherwise: what it runs is chosen as on a CPU.
int64_t memory_of(int) {
  return emulation::gpu().memory;
}
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
std::string library() {
  return "";
}
Status use_all_of(CudaDevice& device, int, bool) {
  if (warpgroups_are_wanted()) device.use_warpgroups(warn_once);
  return {};
}

#endif

Result<std::unique_ptr<Device>> open(const DeviceOptions& options, int gpu, const ActivationPlan& plan) {
  const Result<std::string> name = name_of(gpu);
  if (!name.ok()) return name.status();
  try {
    auto device = std::make_unique<CudaDevice>(name.value(), gpu, memory_of(gpu), options.threads, plan);
    if (options.type == Dtype::bf16)
      if (Status s = use_all_of(*device, gpu, options.fast); !s.ok()) return s;
    return std::unique_ptr<Device>(std::move(device));
  } catch (...) {
    return caught("the GPU");
  }
}

const AddBackend added({kName, count, describe, library, open});

}  // namespace
}  // namespace glossa
