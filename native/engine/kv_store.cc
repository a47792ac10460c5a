#include "engine/kv_store.h"

#include <algorithm>

namespace glossa {
namespace {

// FNV-1a over the ids: only where to look; the ids themselves decide.
uint64_t hash_of(const int32_t* ids, int64_t length) {
  uint64_t h = 14695981039346656037u;
  for (int64_t i = 0; i < length; ++i) h = (h ^ static_cast<uint32_t>(ids[i])) * 1099511628211u;
  return h;
}

}  // namespace

KvStore::KvStore(Device& device, int64_t page_bytes, int64_t positions, int64_t kept_bytes, int64_t most_pages)
    : pool_(device, page_bytes, most_pages), positions_(positions), most_kept_(kept_bytes / pool_.page_bytes()) {}

Address KvStore::take() {
  const std::lock_guard lock(mutex_);
  return take_page();
}

Address KvStore::take_page() {
  for (;;) {
    if (const Address page = pool_.take()) return page;
    if (!forget_oldest()) return {};
  }
}

void KvStore::give(const std::vector<Address>& pages) {
  const std::lock_guard lock(mutex_);
  give_pages(pages);
}

void KvStore::give_pages(const std::vector<Address>& pages) {
  for (const Address page : pages) pool_.give(page);
}

KvStore::Prompts::iterator KvStore::find(uint64_t hash, const int32_t* ids, int64_t length) {
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto it = first; it != last; ++it)
    if (std::equal(ids, ids + length, it->second->ids.begin(), it->second->ids.end())) return it->second;
  return prompts_.end();
}

KeptPrompt* KvStore::pin(const int32_t* ids, int64_t length) {
  const uint64_t hash = hash_of(ids, length);
  const std::lock_guard lock(mutex_);
  if (auto found = find(hash, ids, length); found != prompts_.end()) {
    if (found->pins++ == 0) kept_ -= static_cast<int64_t>(found->pages.size());
    return &*found;
  }
  const size_t pages = static_cast<size_t>(pages_of(length));
  prompts_.emplace_back();
  const auto made = std::prev(prompts_.end());
  auto undo = [&] {
    give_pages(made->pages);
    prompts_.erase(made);
  };
  try {
    made->pins = 1;
    made->hash = hash;
    made->ids.assign(ids, ids + length);
    made->pages.reserve(pages);
    while (made->pages.size() < pages) {
      const Address page = take_page();
      if (!page) break;
      made->pages.push_back(page);
    }
    if (made->pages.size() == pages) {
      by_hash_.emplace(hash, made);
      return &*made;
    }
  } catch (...) {
    undo();
    throw;
  }
  undo();
  return nullptr;
}

void KvStore::unpin(KeptPrompt* prompt, bool keep) {
  const std::lock_guard lock(mutex_);
  if (--prompt->pins > 0) return;
  const auto at = find(prompt->hash, prompt->ids.data(), static_cast<int64_t>(prompt->ids.size()));
  kept_ += static_cast<int64_t>(prompt->pages.size());
  prompts_.splice(prompts_.end(), prompts_, at);
  if (!keep || !prompt->filled) return forget(at);
  while (kept_ > most_kept_ && forget_oldest()) {
  }
}

// Of the prompts that nobody reads.
bool KvStore::forget_oldest() {
  const auto oldest = std::find_if(prompts_.begin(), prompts_.end(), [](const KeptPrompt& p) { return p.pins == 0; });
  if (oldest == prompts_.end()) return false;
  forget(oldest);
  return true;
}

void KvStore::forget_all() {
  while (forget_oldest()) {
  }
}

void KvStore::forget(Prompts::iterator prompt) {
  const auto [first, last] = by_hash_.equal_range(prompt->hash);
  by_hash_.erase(std::find_if(first, last, [&](const auto& entry) { return entry.second == prompt; }));
  kept_ -= static_cast<int64_t>(prompt->pages.size());
  give_pages(prompt->pages);
  prompts_.erase(prompt);
}

void KvStore::use(int64_t weights_version) {
  const std::lock_guard lock(mutex_);
  if (version_ != weights_version) forget_all();
  version_ = weights_version;
}

void KvStore::release(int64_t keep) {
  const std::lock_guard lock(mutex_);
  forget_all();
  pool_.shrink(keep);
}

int64_t KvStore::taken() const {
  const std::lock_guard lock(mutex_);
  return pool_.taken();
}
int64_t KvStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return pool_.bytes();
}

}  // namespace glossa
