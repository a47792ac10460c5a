// Memory of a device: held, grown on demand, and cut into arrays.
#pragma once
#include <utility>

#include "device/device.h"

namespace glossa {

class Memory {
 public:
  Memory() = default;
  explicit Memory(Device& device, End end = End::low) : device_(&device), end_(end) {}
  ~Memory() { clear(); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  Memory(Memory&& other) noexcept { *this = std::move(other); }
  Memory& operator=(Memory&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    std::swap(end_, other.end_);
    return *this;
  }

  // At least `bytes` bytes at data(), aligned to 64; what was there is lost when it grows. Throws as Device::allocate
  // does.
  void reserve(int64_t bytes);
  void clear();
  Address data() const { return data_; }
  int64_t bytes() const { return bytes_; }

  // For tests: every reserve() fills the memory with NaN, so that a value that was never written shows.
  static bool poison;

 private:
  Device* device_ = nullptr;
  Address data_;
  int64_t bytes_ = 0;
  End end_ = End::low;
};

// Bytes up to the next array's place.
constexpr int64_t aligned(int64_t bytes) {
  return (bytes + 63) / 64 * 64;
}

// Cuts memory into arrays. From nothing it only counts, so one function both sizes and places.
class Carver {
 public:
  explicit Carver(Address base = {}) : base_(base) {}
  Address bytes(int64_t n) {
    const Address at = base_ + used_;
    used_ += aligned(n);
    return at;
  }
  Values values(int64_t n) { return {bytes(n * 4)}; }
  Rows rows(Dtype t, int64_t n, int64_t width) { return {bytes(n * width * dtype_bytes(t)), t, width, width}; }
  int64_t used() const { return used_; }

 private:
  Address base_;
  int64_t used_ = 0;
};

}  // namespace glossa
