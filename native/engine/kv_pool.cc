#include "engine/kv_pool.h"

#include <algorithm>

namespace glossa {
namespace {

constexpr int64_t kChunkBytes = int64_t{4} << 20;

int64_t pages_of_chunk(int64_t page_bytes) {
  return std::max<int64_t>(kChunkBytes / page_bytes, 1);
}

}  // namespace

KvPool::KvPool(Device& device, int64_t page_bytes, int64_t most)
    : device_(&device), page_bytes_(stride(page_bytes)), most_(most) {}

Address KvPool::take() {
  if (free_.empty()) {
    if (pages_ >= most_) return {};
    grow();
  }
  const Address page = free_.back();
  free_.pop_back();
  ++taken_;
  return page;
}

void KvPool::give(Address page) {
  free_.push_back(page);  // grow() made room
  --taken_;
}

void KvPool::grow() {
  const int64_t pages = std::min(pages_of_chunk(page_bytes_), most_ - pages_);
  free_.reserve(static_cast<size_t>(pages_ + pages));
  chunks_.reserve(chunks_.size() + 1);
  Memory memory(*device_, End::high);
  memory.reserve(pages * page_bytes_);
  for (int64_t i = pages - 1; i >= 0; --i) free_.push_back(memory.data() + i * page_bytes_);
  chunks_.push_back({std::move(memory), pages});
  pages_ += pages;
}

int64_t KvPool::bytes() const {
  int64_t bytes = 0;
  for (const Chunk& c : chunks_) bytes += c.memory.bytes();
  return bytes;
}

void KvPool::shrink(int64_t keep) {
  int64_t bytes = 0;
  size_t kept = 0;
  for (; kept < chunks_.size() && bytes + chunks_[kept].memory.bytes() <= keep; ++kept)
    bytes += chunks_[kept].memory.bytes();
  if (kept == chunks_.size()) return;
  chunks_.resize(kept);
  free_.clear();
  pages_ = 0;
  for (const Chunk& c : chunks_) {
    for (int64_t i = c.pages - 1; i >= 0; --i) free_.push_back(c.memory.data() + i * page_bytes_);
    pages_ += c.pages;
  }
}

int64_t KvPool::bytes_of(int64_t pages, int64_t page_bytes) {
  const int64_t page = stride(page_bytes), chunk = pages_of_chunk(page);
  return (pages + chunk - 1) / chunk * chunk * page;
}

}  // namespace glossa
