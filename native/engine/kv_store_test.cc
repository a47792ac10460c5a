#include "engine/kv_store.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "device/fake_device.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

constexpr int64_t kPageBytes = (1 << 20) - 64, kPositions = 16;  // four pages of 1 MB a chunk

uintptr_t number(Address a) {
  return reinterpret_cast<uintptr_t>(a.as<void>());
}

}  // namespace

TEST("kv pool: pages are apart, come back, and memory follows what is taken") {
  FakeDevice device;
  {
    KvPool pool(device, kPageBytes, 10);
    std::vector<Address> pages;
    std::set<uintptr_t> places;
    for (int i = 0; i < 10; ++i) {
      pages.push_back(pool.take());
      CHECK(static_cast<bool>(pages.back()));
      places.insert(number(pages.back()));
      CHECK_EQ(pool.bytes(), std::min(i / 4 * 4 + 4, 10) << 20);
      CHECK_EQ(device.held, pool.bytes());
    }
    CHECK_EQ(places.size(), size_t{10});
    for (auto at = places.begin(); std::next(at) != places.end(); ++at)
      CHECK(*std::next(at) - *at >= static_cast<uintptr_t>(kPageBytes));
    CHECK(!pool.take());
    pool.give(pages[3]);
    CHECK(pool.take() == pages[3]);
    for (const Address page : pages) pool.give(page);
    CHECK_EQ(pool.taken(), 0);
    pool.shrink(5 << 20);
    CHECK_EQ(pool.bytes(), 4 << 20);
    CHECK_EQ(device.held, 4 << 20);
    for (int i = 0; i < 10; ++i) CHECK(static_cast<bool>(pool.take()));
    CHECK(!pool.take());
  }
  CHECK_EQ(device.held, 0);
  CHECK_EQ(KvPool::bytes_of(10, kPageBytes), 12 << 20);  // at most: whole chunks
  CHECK_EQ(KvPool::bytes_of(3, 9 << 20), (27 << 20) + 3 * 64);
}

TEST("kv pool: a device without memory leaves it as it was") {
  FakeDevice device;
  device.most = 5 << 20;
  KvPool pool(device, kPageBytes);
  for (int i = 0; i < 4; ++i) pool.take();
  bool thrown = false;
  try {
    pool.take();
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  CHECK(thrown);
  CHECK_EQ(pool.taken(), 4);
  CHECK_EQ(device.held, 4 << 20);
  device.most = 8 << 20;
  CHECK(static_cast<bool>(pool.take()));
}

TEST("kv store: a prompt stays while there is room and the weights stand") {
  FakeDevice device;
  KvStore store(device, kPageBytes, kPositions, 3 << 20);
  const std::vector<int32_t> a(16, 1), b(20, 2), c(16, 3);
  auto use = [&](const std::vector<int32_t>& ids, bool fill) {
    KeptPrompt* p = store.pin(ids.data(), static_cast<int64_t>(ids.size()));
    const bool known = p->filled;
    CHECK_EQ(p->pages.size(), (ids.size() + 15) / 16);
    if (fill) p->filled = true;
    store.unpin(p, true);
    return known;
  };
  CHECK(!use(a, false));
  CHECK_EQ(store.taken(), 0);  // what was not filled is worth nothing
  CHECK(!use(a, true));
  CHECK(use(a, true));
  CHECK(!use(b, true));
  CHECK_EQ(store.taken(), 3);
  CHECK(use(a, true));
  CHECK(!use(c, true));  // four pages are one too many: the oldest goes
  CHECK(use(a, true));
  CHECK(use(c, true));
  CHECK(!use(b, true));
  store.use(1);
  CHECK_EQ(store.taken(), 0);
  CHECK(!use(b, true));
  store.use(1);
  CHECK(use(b, true));
  KeptPrompt* p = store.pin(b.data(), 20);
  CHECK(p->filled);
  store.unpin(p, false);  // not to be kept
  CHECK_EQ(store.taken(), 0);
  store.release(0);
  CHECK_EQ(device.held, 0);
}

// Against a second implementation: a list of what is known, in the order of use.
TEST("kv store: prompts that nobody reads make room, the least recently used first") {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    FakeDevice device;
    const int64_t most = 6 + static_cast<int64_t>(random() % 6), kept = static_cast<int64_t>(random() % 6);
    KvStore store(device, kPageBytes, kPositions, kept << 20, most);
    struct Known {
      int name;
      int64_t pages;
      std::vector<KeptPrompt*> pins;
    };
    std::vector<Known> known;  // the least recently used first
    std::vector<Address> own;
    auto taken = [&] {
      int64_t n = static_cast<int64_t>(own.size());
      for (const Known& k : known) n += k.pages;
      return n;
    };
    auto drop_oldest = [&] {
      const auto at = std::find_if(known.begin(), known.end(), [](const Known& k) { return k.pins.empty(); });
      if (at == known.end()) return false;
      known.erase(at);
      return true;
    };
    auto room = [&](int64_t pages) {
      while (taken() + pages > most)
        if (!drop_oldest()) return false;
      return true;
    };
    for (int turn = 0; turn < 400; ++turn) {
      const int name = static_cast<int>(random() % 7);
      const std::vector<int32_t> ids(static_cast<size_t>(1 + name * 9), name);
      const int64_t pages = store.pages_of(static_cast<int64_t>(ids.size()));
      auto at = std::find_if(known.begin(), known.end(), [&](const Known& k) { return k.name == name; });
      switch (random() % 4) {
        case 0: {
          KeptPrompt* p = store.pin(ids.data(), static_cast<int64_t>(ids.size()));
          if (at != known.end()) {
            CHECK(p && p->filled);
            at->pins.push_back(p);
          } else if (room(pages)) {
            CHECK(p && !p->filled);
            if (!p) return;
            p->filled = true;
            known.push_back({name, pages, {p}});
          } else {
            CHECK(!p);
          }
          break;
        }
        case 1:
          if (at != known.end() && !at->pins.empty()) {
            store.unpin(at->pins.back(), true);
            at->pins.pop_back();
            if (!at->pins.empty()) break;
            std::rotate(at, at + 1, known.end());
            auto unread = [&] {
              int64_t n = 0;
              for (const Known& k : known) n += k.pins.empty() ? k.pages : 0;
              return n;
            };
            while (unread() > kept) drop_oldest();
          }
          break;
        case 2: {
          const Address page = store.take();
          CHECK_EQ(static_cast<bool>(page), room(1));
          if (page) own.push_back(page);
          break;
        }
        default:
          if (!own.empty()) {
            store.give({own.back()});
            own.pop_back();
          }
      }
      CHECK_EQ(store.taken(), taken());
    }
    for (Known& k : known)
      for (KeptPrompt* p : k.pins) store.unpin(p, false);
    store.give(own);
    store.release(0);
    CHECK_EQ(store.taken(), 0);
    CHECK_EQ(device.held, 0);
  }
}

}  // namespace glossa::test
