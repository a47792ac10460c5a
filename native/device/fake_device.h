// A device that computes nothing: its memory is numbers that nobody may read.
#pragma once
#include <cstdlib>
#include <new>

#include "device/memory.h"

namespace glossa::test {

class FakeDevice final : public Device {
 public:
  int64_t held = 0, most = INT64_MAX;  // bytes

  std::string name() const override { return "fake"; }
  const DeviceTraits& traits() const override { return traits_; }
  Address allocate(int64_t bytes, End) override {
    if (held + bytes > most) throw std::bad_alloc();
    held += bytes;
    const Address at = next_;
    next_ = next_ + aligned(bytes);
    return at;
  }
  void release(Address, int64_t bytes) override { held -= bytes; }
  void upload(Address, const void*, int64_t) override {}

  Status write(Values, int64_t, const std::function<Status(float*)>&) override { std::abort(); }
  Status read(Values, int64_t, const std::function<Status(const float*)>&) override { std::abort(); }
  void download(void*, Address, int64_t) override { std::abort(); }
  void upload_rows(const Rows&, const float*, int64_t) override { std::abort(); }
  void copy(Address, Address, int64_t) override { std::abort(); }
  void fill(Address, uint8_t, int64_t) override { std::abort(); }
  int64_t matrix_bytes(Dtype, int64_t, int64_t, bool) const override { std::abort(); }
  void prepare(const std::vector<Prepared>&) override { std::abort(); }
  void prepare_rows(const Matrix&, int64_t, int64_t, const float*) override { std::abort(); }
  void transpose(const Matrix&) override { std::abort(); }
  int64_t scratch_bytes(const Workload&) const override { std::abort(); }
  void reserve(const Workload&) override { std::abort(); }
  int64_t reserved_bytes() const override { return 0; }
  double measured_flops(Dtype) override { std::abort(); }
  int lanes() const override { return 1; }
  void run(int64_t, const std::function<void(int64_t, int, Ops&)>&) override { std::abort(); }
  Ops& all() override { std::abort(); }
  int threads() const override { return 1; }
  void on_host(int64_t, const std::function<void(int64_t, int)>&) override { std::abort(); }

 private:
  DeviceTraits traits_{};
  Address next_{reinterpret_cast<const void*>(uintptr_t{64})};
};

}  // namespace glossa::test
