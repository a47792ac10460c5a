// Memory for activations, packs and caches: aligned, grown on demand, reused from step to step.
#pragma once
#include <cstdint>

#include "base/dtype.h"

namespace glossa {

class Buffer {
 public:
  Buffer() = default;
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&&) noexcept;
  Buffer& operator=(Buffer&&) noexcept;

  // At least `bytes` bytes at data(), aligned to 64; what was there is lost when the buffer grows. Pages are not
  // resident until they are written. Throws std::bad_alloc, so that it must be called outside the thread pool's tasks.
  void reserve(int64_t bytes);
  uint8_t* data() const { return data_; }
  int64_t capacity() const { return capacity_; }

  // For tests: every reserve() fills the buffer with NaN, so that a value that was never written shows.
  static bool poison;

 private:
  uint8_t* data_ = nullptr;
  int64_t capacity_ = 0;
};

// Bytes up to the next array's place.
constexpr int64_t aligned(int64_t bytes) {
  return (bytes + 63) / 64 * 64;
}

// Cuts a buffer into arrays. With a null base it only counts, so one function both sizes and places.
class Carver {
 public:
  explicit Carver(uint8_t* base = nullptr) : base_(base) {}
  void* bytes(int64_t n) {
    uint8_t* at = base_ ? base_ + used_ : nullptr;
    used_ += aligned(n);
    return at;
  }
  float* floats(int64_t n) { return static_cast<float*>(bytes(n * 4)); }
  void* elements(Dtype t, int64_t n) { return bytes(n * dtype_bytes(t)); }
  int64_t used() const { return used_; }

 private:
  uint8_t* base_;
  int64_t used_ = 0;
};

// Element i of an array of type t.
inline void* element(void* p, Dtype t, int64_t i) {
  return p ? static_cast<uint8_t*>(p) + i * dtype_bytes(t) : nullptr;
}
inline float* element(float* p, int64_t i) {
  return p ? p + i : nullptr;
}

}  // namespace glossa
