#include "model/buffer.h"

#include <sys/mman.h>

#include <cstring>
#include <new>
#include <utility>

namespace glossa {

bool Buffer::poison = false;

Buffer::~Buffer() {
  if (data_) munmap(data_, static_cast<size_t>(capacity_));
}

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

void Buffer::reserve(int64_t bytes) {
  if (bytes > capacity_) {
    constexpr int64_t kPage = int64_t{1} << 21;
    int64_t want = bytes < kPage ? (bytes + 4095) / 4096 * 4096 : (bytes + kPage - 1) / kPage * kPage;
    if (data_) munmap(data_, static_cast<size_t>(capacity_));
    data_ = nullptr;
    capacity_ = 0;
    void* p = mmap(nullptr, static_cast<size_t>(want), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    if (want >= kPage) madvise(p, static_cast<size_t>(want), MADV_HUGEPAGE);  // fewer TLB misses; a hint only
#endif
    data_ = static_cast<uint8_t*>(p);
    capacity_ = want;
  }
  if (poison && capacity_ > 0) std::memset(data_, 0xff, static_cast<size_t>(capacity_));
}

}  // namespace glossa
