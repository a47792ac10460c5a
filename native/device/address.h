// A place in a device's memory. Code above the devices moves it about and never looks behind it: on a GPU there would
// be nothing to see.
#pragma once
#include <cstdint>

namespace glossa {

class Address {
 public:
  constexpr Address() = default;
  explicit Address(const void* p) : at_(reinterpret_cast<uintptr_t>(p)) {}
  // Nothing stays nothing.
  Address operator+(int64_t bytes) const {
    Address a;
    if (at_) a.at_ = at_ + static_cast<uintptr_t>(bytes);
    return a;
  }
  explicit operator bool() const { return at_ != 0; }
  bool operator==(const Address&) const = default;

  // For a device and its operators alone.
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(at_);
  }

 private:
  uintptr_t at_ = 0;
};

}  // namespace glossa
