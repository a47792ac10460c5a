#include "device/cuda/staging.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace glossa {

Staging::Place Staging::place(int64_t bytes) {
  constexpr int64_t kLeast = 4 << 20, kAlign = 256;
  const int64_t need = (std::max<int64_t>(bytes, 1) + kAlign - 1) / kAlign * kAlign;
  // An eighth of the ring at most for one array, so that those of one operator stand side by side.
  if (8 * need > bytes_) {
    const int64_t size = std::max({kLeast, 8 * need, 2 * bytes_});
    Place grown{};
    grown.device = static_cast<unsigned char*>(stream_.allocate(size));
    try {
      grown.host = static_cast<unsigned char*>(stream_.allocate_pinned(size));
      outgrown_.push_back(ring_);
    } catch (...) {
      stream_.release(grown.device);
      throw;
    }
    ring_ = grown;
    bytes_ = size;
    used_ = 0;
  } else if (used_ + need > bytes_) {
    stream_.wait();
    used_ = 0;
  }
  const int64_t at = std::exchange(used_, used_ + need);
  return {ring_.host + at, ring_.device + at};
}

void* Staging::put_bytes(const void* from, int64_t bytes) {
  const Place p = place(bytes);
  if (bytes > 0) {
    std::memcpy(p.host, from, static_cast<size_t>(bytes));
    stream_.upload(p.device, p.host, bytes);
  }
  return p.device;
}

void Staging::take_bytes(void* to, const void* from, int64_t bytes) {
  stream_.download(to, from, bytes);
  stream_.wait();
}

Staging::~Staging() {
  outgrown_.push_back(ring_);
  for (const Place& p : outgrown_) {
    if (p.host) stream_.release_pinned(p.host);
    if (p.device) stream_.release(p.device);
  }
}

}  // namespace glossa
