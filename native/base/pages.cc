#include "base/pages.h"

#include <sys/mman.h>

namespace glossa {
namespace {

constexpr int64_t kLargePage = int64_t{1} << 21;

}  // namespace

int64_t whole_pages(int64_t bytes) {
  return bytes < kLargePage ? (bytes + 4095) / 4096 * 4096 : (bytes + kLargePage - 1) / kLargePage * kLargePage;
}

void* map_pages(int64_t bytes) {
  const int64_t size = whole_pages(bytes);
  void* p = mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  if (size >= kLargePage) madvise(p, static_cast<size_t>(size), MADV_HUGEPAGE);  // fewer TLB misses; a hint only
#endif
  return p;
}

void unmap_pages(void* p, int64_t bytes) {
  munmap(p, static_cast<size_t>(whole_pages(bytes)));
}

}  // namespace glossa
