#include "device/arena.h"

#include <random>
#include <vector>

#include "tool/test.h"

namespace glossa::test {

TEST("arena: what is taken never overlaps, lies within, and comes back whole, whatever the order") {
  constexpr int64_t kSize = 64 * Arena::kAlign;
  for (uint32_t seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    Arena arena(kSize + 100);  // what is no multiple is left out
    std::vector<char> used(64, 0);
    struct Piece {
      int64_t at, units;
    };
    std::vector<Piece> held;
    for (int step = 0; step < 400; ++step) {
      if (random() % 2 == 0 && !held.empty()) {
        const size_t which = random() % held.size();
        for (int64_t u = 0; u < held[which].units; ++u)
          used[static_cast<size_t>(held[which].at / Arena::kAlign + u)] = 0;
        arena.give(held[which].at);
        held.erase(held.begin() + static_cast<int64_t>(which));
      } else {
        const int64_t units = 1 + random() % 9;
        const End end = random() % 2 == 0 ? End::low : End::high;
        // The place that a look at every unit finds.
        int64_t expected = -1;
        for (int64_t i = 0; i + units <= 64; ++i) {
          const int64_t first = end == End::low ? i : 64 - units - i;
          bool free = true;
          for (int64_t u = 0; u < units; ++u) free = free && !used[static_cast<size_t>(first + u)];
          if (free) {
            expected = first * Arena::kAlign;
            break;
          }
        }
        const std::optional<int64_t> at = arena.take(units * Arena::kAlign - random() % Arena::kAlign, end);
        CHECK_EQ(at.value_or(-1), expected);
        if (!at) continue;
        for (int64_t u = 0; u < units; ++u) used[static_cast<size_t>(*at / Arena::kAlign + u)] = 1;
        held.push_back({*at, units});
      }
      int64_t taken = 0;
      for (char u : used) taken += u;
      CHECK_EQ(arena.free(), kSize - taken * Arena::kAlign);
    }
    for (const Piece& p : held) arena.give(p.at);
    CHECK_EQ(arena.free(), kSize);
    CHECK_EQ(arena.largest_gap(), kSize);
  }
}

TEST("arena: pages that come and go at the high end leave the low end in one piece") {
  Arena arena(100 * Arena::kAlign);
  CHECK_EQ(arena.take(10 * Arena::kAlign, End::low).value_or(-1), 0);
  std::vector<int64_t> pages;
  for (int i = 0; i < 30; ++i) pages.push_back(*arena.take(2 * Arena::kAlign, End::high));
  for (size_t i = 3; i < pages.size(); ++i) arena.give(pages[i]);
  CHECK_EQ(arena.largest_gap(), 84 * Arena::kAlign);
  CHECK(!arena.take(85 * Arena::kAlign, End::low));
  CHECK_EQ(arena.take(84 * Arena::kAlign, End::low).value_or(-1), 10 * Arena::kAlign);
  CHECK(!arena.take(1, End::high));
}

}  // namespace glossa::test
