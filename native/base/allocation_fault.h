// Memory that runs out when a test says so: one request of the whole process, on whichever thread, is refused.
#pragma once
#include <cstdint>

namespace glossa::test {

// Sanitizers bring an operator new and a mmap of their own: with them nothing can be refused.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryCanRunOut = false;
#else
constexpr bool kMemoryCanRunOut = true;
#endif

// While it lives, request number `at` (0: the next) from operator new or mmap gets nothing; all others get theirs.
class AllocationFault {
 public:
  explicit AllocationFault(int64_t at);
  ~AllocationFault();
  AllocationFault(const AllocationFault&) = delete;
  bool happened() const;
};

}  // namespace glossa::test
