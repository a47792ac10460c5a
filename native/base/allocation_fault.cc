#include "base/allocation_fault.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace glossa::test {
namespace {

constexpr int64_t kNone = INT64_MAX;
std::atomic<int64_t> requests_left{kNone};  // until the one that is refused; below 0: it was

bool is_refused() {
  if (requests_left.load(std::memory_order_relaxed) == kNone) return false;
  return requests_left.fetch_sub(1, std::memory_order_relaxed) == 0;
}

}  // namespace

AllocationFault::AllocationFault(int64_t at) {
  requests_left = at;
}
AllocationFault::~AllocationFault() {
  requests_left = kNone;
}
bool AllocationFault::happened() const {
  return requests_left < 0;
}

}  // namespace glossa::test

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(std::size_t bytes) {
  if (glossa::test::is_refused()) throw std::bad_alloc();
  void* p = std::malloc(bytes ? bytes : 1);
  if (!p) throw std::bad_alloc();
  return p;
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}

#if defined(__linux__)
// Takes the place of the C library's in this program; malloc goes on using its own.
extern "C" void* mmap(void* at, size_t bytes, int protection, int flags, int fd, off_t offset) noexcept {
  if (glossa::test::is_refused()) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return reinterpret_cast<void*>(syscall(SYS_mmap, at, bytes, protection, flags, fd, offset));
}
#endif
#endif
