// A GPU as a device: one lane, one stream.
#pragma once
#include <memory>
#include <vector>

#include "base/thread_pool.h"
#include "device/arena.h"
#include "device/cuda/cuda_ops.h"
#include "device/planned_gpu.h"

namespace glossa {

class CudaDevice final : public Device {
 public:
  CudaDevice(std::string name, int gpu, int64_t memory, int threads, const ActivationPlan&);
  ~CudaDevice() override;
  // Products of bfloat16 operands by cuBLASLt from here on, where it is found; where not, name() and settings.warn say
  // so. MATMUL_LIBRARY_MISSING where a user named one that is none.
  Status find_library(bool hopper, const LibraryProducts::Settings&);
  void use_warpgroups(std::function<void(const std::string&)> warn) { ops_.use_warpgroups(std::move(warn)); }

  std::string name() const override { return name_; }
  const DeviceTraits& traits() const override { return traits_; }
  Address allocate(int64_t bytes, End) override;
  void release(Address, int64_t bytes) override;
  Room room() const override;
  void hold(int64_t bytes) override;
  Status write(Values to, int64_t n, const std::function<Status(float*)>& make) override;
  Status read(Values from, int64_t n, const std::function<Status(const float*)>& use) override;
  void upload(Address to, const void* from, int64_t bytes) override;
  void download(void* to, Address from, int64_t bytes) override;
  void upload_rows(const Rows& to, const float* from, int64_t rows) override;
  void copy(Address to, Address from, int64_t bytes) override;
  void fill(Address, uint8_t byte, int64_t bytes) override;
  int64_t matrix_bytes(Dtype, int64_t n, int64_t k, bool transposed) const override;
  void prepare(const std::vector<Prepared>&) override;
  void prepare_rows(const Matrix&, int64_t row0, int64_t rows, const float* host) override;
  void transpose(const Matrix&) override {}  // products read the first form
  // Kernels need no memory but that of their operands.
  int64_t scratch_bytes(const Workload&) const override { return kGpuScratch; }
  void reserve(const Workload&) override {}
  int64_t reserved_bytes() const override { return 0; }
  double measured_flops(Dtype) override;
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
  // What plans hold, each in one piece, and how it is used.
  struct Piece {
    unsigned char* memory;
    Arena arena;
    bool has(const unsigned char* at) const { return at >= memory && at < memory + arena.bytes(); }
  };
  std::vector<Piece> pieces_;
  CudaOps ops_;
  std::unique_ptr<ThreadPool> pool_;  // of the host
};

}  // namespace glossa
