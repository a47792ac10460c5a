#include "device/planned_gpu.h"

#include <cstdlib>

namespace glossa {
namespace {

// Keys and values of so many positions lie in one page: the tile that attention goes by.
constexpr int64_t kGpuKvPage = 64;
constexpr int64_t kGpuWidestHead = 512;

class PlannedGpu final : public Device {
 public:
  PlannedGpu(int64_t memory, const ActivationPlan& plan) : traits_(gpu_traits(memory, plan)) {}

  std::string name() const override { return "a GPU that is not here"; }
  const DeviceTraits& traits() const override { return traits_; }
  Room room() const override { return {traits_.memory, traits_.memory}; }
  int64_t matrix_bytes(Dtype type, int64_t n, int64_t k, bool transposed) const override {
    return gpu_matrix_bytes(type, n, k, transposed);
  }
  int64_t scratch_bytes(const Workload&) const override { return kGpuScratch; }
  int64_t reserved_bytes() const override { return 0; }
  int lanes() const override { return 1; }
  int threads() const override { return 1; }

  // Nothing is computed there.
  Address allocate(int64_t, End) override { std::abort(); }
  void release(Address, int64_t) override { std::abort(); }
  Status write(Values, int64_t, const std::function<Status(float*)>&) override { std::abort(); }
  Status read(Values, int64_t, const std::function<Status(const float*)>&) override { std::abort(); }
  void upload(Address, const void*, int64_t) override { std::abort(); }
  void download(void*, Address, int64_t) override { std::abort(); }
  void upload_rows(const Rows&, const float*, int64_t) override { std::abort(); }
  void copy(Address, Address, int64_t) override { std::abort(); }
  void fill(Address, uint8_t, int64_t) override { std::abort(); }
  void prepare(const std::vector<Prepared>&) override { std::abort(); }
  void prepare_rows(const Matrix&, int64_t, int64_t, const float*) override { std::abort(); }
  void transpose(const Matrix&) override { std::abort(); }
  void reserve(const Workload&) override { std::abort(); }
  void run(int64_t, const std::function<void(int64_t, int, Ops&)>&) override { std::abort(); }
  Ops& all() override { std::abort(); }
  void on_host(int64_t, const std::function<void(int64_t, int)>&) override { std::abort(); }
  double measured_flops(Dtype) override { std::abort(); }

 private:
  const DeviceTraits traits_;
};

}  // namespace

DeviceTraits gpu_traits(int64_t memory, const ActivationPlan& plan, int64_t decode_passes, int64_t decode_looks) {
  return {1, INT64_MAX, kGpuKvPage, plan, kGpuWidestHead, memory, decode_passes, decode_looks, 4096, 2048};
}

int64_t gpu_matrix_bytes(Dtype type, int64_t n, int64_t k, bool transposed) {
  return transposed ? 0 : n * k * dtype_bytes(type);
}

std::unique_ptr<Device> planned_gpu(int64_t memory, const ActivationPlan& plan) {
  return std::make_unique<PlannedGpu>(memory, plan);
}

}  // namespace glossa
