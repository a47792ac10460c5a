// Pages of keys and values, taken one by one and given back: memory follows the tokens that exist.
#pragma once
#include <vector>

#include "device/memory.h"

namespace glossa {

// Of `positions` positions each, for `length` of them.
inline int64_t kv_pages_of(int64_t length, int64_t positions) {
  return (length + positions - 1) / positions;
}

class KvPool {
 public:
  KvPool() = default;
  // A page of `page_bytes` bytes; at most `most` pages.
  KvPool(Device&, int64_t page_bytes, int64_t most = INT64_MAX);

  // A page whose content is anything; nothing where all are taken. Grows by some megabytes at a time; throws
  // std::bad_alloc, and then nothing has changed.
  Address take();
  void give(Address);

  int64_t most() const { return most_; }
  int64_t taken() const { return taken_; }
  int64_t page_bytes() const { return page_bytes_; }
  int64_t bytes() const;  // of memory, taken or not
  // Back to the device with what is beyond `keep` bytes. No page is taken.
  void shrink(int64_t keep);

  // From one page to the next: a cache line more than its bytes, so that the same place of many pages, all of which a
  // pass reads, does not fall on the same sets of a cache.
  static int64_t stride(int64_t page_bytes) { return aligned(page_bytes) + 64; }
  // Bytes that so many pages take of memory, at most.
  static int64_t bytes_of(int64_t pages, int64_t page_bytes);

 private:
  struct Chunk {
    Memory memory;
    int64_t pages;
  };
  void grow();

  Device* device_ = nullptr;
  int64_t page_bytes_ = 0, most_ = 0, taken_ = 0, pages_ = 0;
  std::vector<Chunk> chunks_;
  std::vector<Address> free_;  // the next to be taken last
};

}  // namespace glossa
