// Who holds the pages of keys and values: completions in flight, and prompts. A prompt is encoded once, and stays for
// the next call as long as the weights stand and there is room. From any thread.
#pragma once
#include <list>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "engine/kv_pool.h"
#include "ops/sequences.h"

namespace glossa {

// The first ids of a prompt whose keys and values have a place.
struct KeptPrompt {
  std::vector<int32_t> ids;
  uint64_t hash = 0;  // of the ids
  std::vector<Address> pages;
  bool filled = false;  // the keys and values are there
  int64_t pins = 0;     // who reads them
};

class KvStore {
 public:
  KvStore() = default;
  // Pages of `positions` positions. `kept_bytes`: of prompts that nobody reads; `most_pages`: of everything.
  KvStore(Device&, int64_t page_bytes, int64_t positions, int64_t kept_bytes, int64_t most_pages = INT64_MAX);

  int64_t pages_of(int64_t length) const { return kv_pages_of(length, positions_); }
  KvCache cache(const std::vector<Address>& pages) const { return {pages.data(), positions_}; }

  // A page for a completion; prompts that nobody reads make room. Nothing where even that does not help. Throws
  // std::bad_alloc.
  Address take();
  void give(const std::vector<Address>&);

  // The place of a prompt's first `length` ids, which stays until it is let go. Where it is not filled, the caller
  // fills it and says so before another call of this store reads it: two callers never ask for one prompt that is not
  // filled at the same time. Null where there is no room. Throws std::bad_alloc.
  KeptPrompt* pin(const int32_t* ids, int64_t length);
  // keep: it may be wanted again.
  void unpin(KeptPrompt*, bool keep);

  // Forgets what was encoded by other weights than these. Nothing is pinned.
  void use(int64_t weights_version);
  // Forgets everything and gives back memory beyond `keep` bytes. Nothing is pinned or taken.
  void release(int64_t keep);

  int64_t most_pages() const { return pool_.most(); }
  int64_t taken() const;  // pages, of kept prompts too
  int64_t bytes() const;  // of memory

 private:
  using Prompts = std::list<KeptPrompt>;  // the least recently used first
  Prompts::iterator find(uint64_t hash, const int32_t* ids, int64_t length);
  Address take_page();
  bool forget_oldest();
  void forget_all();
  void forget(Prompts::iterator);
  void give_pages(const std::vector<Address>&);

  mutable std::mutex mutex_;
  KvPool pool_;
  int64_t positions_ = 0, most_kept_ = 0, kept_ = 0;  // the last two: pages of prompts that nobody reads
  int64_t version_ = 0;
  Prompts prompts_;
  std::unordered_multimap<uint64_t, Prompts::iterator> by_hash_;
};

}  // namespace glossa
