// What a machine's driver may say, without one.
#include "device/cuda/gpu_search.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

Status refusal(const GpuSearch& search) {
  const Result<int> found = gpus_found(search);
  return found.ok() ? Status() : found.status();
}

}  // namespace

TEST("GPU faults: no driver, one that is too old, no device and another error each say what they are") {
  const std::string old = "CUDA driver version is insufficient for CUDA runtime version";
  CHECK_EQ(refusal({0, old, true, 0, 13000}).code(), "GPU_NOT_FOUND");
  CHECK(refusal({0, old, true, 0, 13000}).message().find("no NVIDIA driver") != std::string::npos);
  const Status too_old = refusal({0, old, true, 11040, 13000});
  CHECK_EQ(too_old.code(), "GPU_DRIVER_TOO_OLD");
  CHECK(too_old.message().find("CUDA 11.4") != std::string::npos);
  CHECK(too_old.message().find("CUDA 13.0") != std::string::npos);
  CHECK_EQ(refusal({0, "no CUDA-capable device is detected", false, 13000, 13000}).code(), "GPU_NOT_FOUND");
  CHECK_EQ(refusal({0, "", false, 13000, 13000}).code(), "GPU_NOT_FOUND");
  CHECK_EQ(gpus_found({2, "", false, 13000, 13000}).take(), 2);
}

TEST("GPU faults: an architecture below 8.0 is refused by name, later ones are let pass") {
  const Status old = check_gpu("Tesla V100", 7, 0);
  CHECK_EQ(old.code(), "GPU_TOO_OLD");
  CHECK(old.message().find("Tesla V100 has compute capability 7.0") != std::string::npos);
  CHECK_EQ(check_gpu("Tesla T4", 7, 5).code(), "GPU_TOO_OLD");
  CHECK(check_gpu("NVIDIA A100", 8, 0).ok());
  CHECK(check_gpu("NVIDIA H200", 9, 0).ok());
  CHECK(check_gpu("NVIDIA B200", 10, 0).ok());
}

}  // namespace glossa::test
