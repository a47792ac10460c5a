// What a GPU takes of its memory, and a device that only says so: to plan a run for a card that is not here.
#pragma once
#include <memory>

#include "device/device.h"

namespace glossa {

DeviceTraits gpu_traits(int64_t memory, const ActivationPlan&, int64_t decode_passes = 1, int64_t decode_looks = 1);
// Row-major, as it comes; the products read it both ways, so there is no second form.
int64_t gpu_matrix_bytes(Dtype, int64_t n, int64_t k, bool transposed);
// The library's workspace, and tables on their way to kernels.
constexpr int64_t kGpuLibraryWorkspace = int64_t{32} << 20;  // what NVIDIA advises on Hopper
constexpr int64_t kGpuScratch = kGpuLibraryWorkspace + (int64_t{16} << 20);

// With so much memory, all of it free.
std::unique_ptr<Device> planned_gpu(int64_t memory, const ActivationPlan&);

}  // namespace glossa
