// Memory for activations, packs and caches: aligned, grown on demand, reused from step to step.
#pragma once
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

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

// For vectors of millions of numbers that are sized once: memory as the system hands it out, zero and not resident
// until it is touched, in large pages where that helps. An element that is not given a value is left as it is: zero.
template <class T>
struct ZeroedPages {
  using value_type = T;
  ZeroedPages() = default;
  template <class U>
  ZeroedPages(const ZeroedPages<U>&) {}
  T* allocate(std::size_t n);
  void deallocate(T* p, std::size_t n);
  void construct(T*) {}
  template <class U, class... Args>
  void construct(U* p, Args&&... args) {
    ::new (static_cast<void*>(p)) U(static_cast<Args&&>(args)...);
  }
  bool operator==(const ZeroedPages&) const { return true; }
};
template <>
float* ZeroedPages<float>::allocate(std::size_t n);
template <>
void ZeroedPages<float>::deallocate(float* p, std::size_t n);
using Floats = std::vector<float, ZeroedPages<float>>;

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
