// The CPU as a device: its memory is the host's, its lanes are threads.
#pragma once
#include <memory>

#include "device/cpu/cpu_ops.h"

namespace glossa {

class CpuDevice final : public Device {
 public:
  // together: one lane of all threads, else a lane a thread (device/cpu/crew.h).
  CpuDevice(const Kernels& kernels, int threads, bool together, const ActivationPlan&);
  // What the kernels read and write of activations is float32. Code: INVALID_ARGUMENT.
  static Status check(const ActivationPlan&);
  ~CpuDevice() override;

  std::string name() const override { return kernels_.isa; }
  const DeviceTraits& traits() const override { return traits_; }
  Address allocate(int64_t bytes, End) override;
  void release(Address, int64_t bytes) override;
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
  void transpose(const Matrix&) override;
  int64_t scratch_bytes(const Workload&) const override;
  void reserve(const Workload&) override;
  int64_t reserved_bytes() const override;
  double measured_flops(Dtype type) override { return measured_peak_flops(kernels_, type, threads_); }
  int lanes() const override { return together_ ? 1 : threads_; }
  void run(int64_t tasks, const std::function<void(int64_t task, int lane, Ops&)>& body) override;
  Ops& all() override;
  int threads() const override { return threads_; }
  void on_host(int64_t tasks, const std::function<void(int64_t task, int thread)>& body) override;

 private:
  ThreadPool& pool();

  const Kernels& kernels_;
  const int threads_;
  const bool together_;
  const DeviceTraits traits_;
  std::vector<Scratch> scratch_;      // a thread
  std::unique_ptr<ThreadPool> pool_;  // from the first use on: a device that is only asked for sizes starts no thread
  std::vector<CpuOps> alone_;         // a thread
  std::unique_ptr<CpuOps> all_;
};

}  // namespace glossa
