#include "model/buffer.h"

#include <sys/mman.h>

#include <cstring>
#include <new>
#include <utility>

namespace glossa {

namespace {

constexpr int64_t kLargePage = int64_t{1} << 21;

int64_t whole_pages(int64_t bytes) {
  return bytes < kLargePage ? (bytes + 4095) / 4096 * 4096 : (bytes + kLargePage - 1) / kLargePage * kLargePage;
}

void* map_pages(int64_t bytes) {
  void* p = mmap(nullptr, static_cast<size_t>(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  if (bytes >= kLargePage) madvise(p, static_cast<size_t>(bytes), MADV_HUGEPAGE);  // fewer TLB misses; a hint only
#endif
  return p;
}

}  // namespace

template <>
float* ZeroedPages<float>::allocate(std::size_t n) {
  return static_cast<float*>(map_pages(whole_pages(static_cast<int64_t>(n) * 4)));
}
template <>
void ZeroedPages<float>::deallocate(float* p, std::size_t n) {
  munmap(p, static_cast<size_t>(whole_pages(static_cast<int64_t>(n) * 4)));
}

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
    const int64_t want = whole_pages(bytes);
    if (data_) munmap(data_, static_cast<size_t>(capacity_));
    data_ = nullptr;
    capacity_ = 0;
    void* p = map_pages(want);
    data_ = static_cast<uint8_t*>(p);
    capacity_ = want;
  }
  if (poison && capacity_ > 0) std::memset(data_, 0xff, static_cast<size_t>(capacity_));
}

}  // namespace glossa
