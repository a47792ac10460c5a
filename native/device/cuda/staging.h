// Small host arrays on their way to the device and back: tables of sequences, ids, draws. A ring of pinned memory and
// its counterpart on the device; a place is used again when the stream has passed it.
#pragma once
#include <vector>

#include "device/cuda/stream.h"

namespace glossa {

class Staging {
 public:
  explicit Staging(Stream& stream) : stream_(stream) {}
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // n elements on the device, for kernels of the same operator, which puts six arrays at most. Throws std::bad_alloc.
  template <class T>
  T* put(const T* from, int64_t n) {
    return static_cast<T*>(put_bytes(from, n * static_cast<int64_t>(sizeof(T))));
  }
  template <class T>
  T* put(const std::vector<T>& from) {
    return put(from.data(), static_cast<int64_t>(from.size()));
  }
  // n elements on the device that a kernel will write.
  template <class T>
  T* room(int64_t n) {
    return reinterpret_cast<T*>(place(n * static_cast<int64_t>(sizeof(T))).device);
  }
  // Waits, and gives what kernels wrote to such a room.
  template <class T>
  void take(T* to, const T* from, int64_t n) {
    take_bytes(to, from, n * static_cast<int64_t>(sizeof(T)));
  }

 private:
  struct Place {
    unsigned char *host, *device;
  };
  Place place(int64_t bytes);
  void* put_bytes(const void* from, int64_t bytes);
  void take_bytes(void* to, const void* from, int64_t bytes);

  Stream& stream_;
  Place ring_{};
  std::vector<Place> outgrown_;  // they may hold what a kernel is about to read
  int64_t bytes_ = 0, used_ = 0;
};

}  // namespace glossa
