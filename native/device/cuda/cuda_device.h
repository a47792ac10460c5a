// A GPU as a device: one lane, one stream.
#pragma once
#include <memory>

#include "base/thread_pool.h"
#include "device/cuda/cuda_ops.h"
#include "device/device.h"

namespace glossa {

// Keys and values of so many positions lie in one page: the tile that attention goes by.
constexpr int64_t kCudaKvPage = 64;
constexpr int64_t kCudaWidestHead = 512;

class CudaDevice final : public Device {
 public:
  CudaDevice(std::string name, int gpu, int64_t memory, int threads, const ActivationPlan&);
  ~CudaDevice() override;
  // Products of bfloat16 operands by cuBLASLt from here on, where it is found; where not, name() says so.
  void find_library(bool hopper, const LibraryProducts::Settings&);

  std::string name() const override { return name_; }
  const DeviceTraits& traits() const override { return traits_; }
  Address allocate(int64_t bytes) override;
  void release(Address, int64_t bytes) override;
  Status write(Values to, int64_t n, const std::function<Status(float*)>& make) override;
  Status read(Values from, int64_t n, const std::function<Status(const float*)>& use) override;
  void upload(Address to, const void* from, int64_t bytes) override;
  void download(void* to, Address from, int64_t bytes) override;
  void upload_rows(const Rows& to, const float* from, int64_t rows) override;
  void copy(Address to, Address from, int64_t bytes) override;
  void fill(Address, uint8_t byte, int64_t bytes) override;
  // Row-major, as it comes; the products read it both ways, so there is no second form.
  int64_t matrix_bytes(Dtype, int64_t n, int64_t k, bool transposed) const override;
  void prepare(const std::vector<Prepared>&) override;
  void prepare_rows(const Matrix&, int64_t row0, int64_t rows, const float* host) override;
  // Kernels need no memory but that of their operands.
  int64_t scratch_bytes(const Workload&) const override { return 0; }
  void reserve(const Workload&) override {}
  int64_t reserved_bytes() const override { return 0; }
  int lanes() const override { return 1; }
  void run(int64_t tasks, const std::function<void(int64_t task, int lane, Ops&)>& body) override;
  Ops& all() override;
  int threads() const override { return threads_; }
  void on_host(int64_t tasks, const std::function<void(int64_t task, int thread)>& body) override;

 private:
  std::string name_;
  const int threads_;
  const DeviceTraits traits_;
  Stream stream_;
  void* workspace_ = nullptr;  // of the library
  CudaOps ops_;
  std::unique_ptr<ThreadPool> pool_;  // of the host
};

}  // namespace glossa
