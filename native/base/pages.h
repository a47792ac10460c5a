// Memory as the system hands it out: zero, not resident until it is touched, in large pages where that helps.
#pragma once
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace glossa {

// What map_pages(bytes) really takes.
int64_t whole_pages(int64_t bytes);
// Throws std::bad_alloc.
void* map_pages(int64_t bytes);
void unmap_pages(void* p, int64_t bytes);

// For vectors of millions of numbers that are sized once. An element that is not given a value is left as it is: zero.
template <class T>
struct ZeroedPages {
  using value_type = T;
  ZeroedPages() = default;
  template <class U>
  ZeroedPages(const ZeroedPages<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(map_pages(static_cast<int64_t>(n * sizeof(T)))); }
  void deallocate(T* p, std::size_t n) { unmap_pages(p, static_cast<int64_t>(n * sizeof(T))); }
  void construct(T*) {}
  template <class U, class... Args>
  void construct(U* p, Args&&... args) {
    ::new (static_cast<void*>(p)) U(static_cast<Args&&>(args)...);
  }
  bool operator==(const ZeroedPages&) const { return true; }
};
using Floats = std::vector<float, ZeroedPages<float>>;

}  // namespace glossa
