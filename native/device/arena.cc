#include "device/arena.h"

#include <algorithm>

namespace glossa {
namespace {

int64_t rounded(int64_t bytes) {
  return (std::max<int64_t>(bytes, 1) + Arena::kAlign - 1) / Arena::kAlign * Arena::kAlign;
}

}  // namespace

Arena::Arena(int64_t bytes) : bytes_(bytes / kAlign * kAlign), free_(bytes_) {
  if (bytes_ > 0) gaps_.emplace(0, bytes_);
}

std::optional<int64_t> Arena::take(int64_t bytes, End end) {
  const int64_t size = rounded(bytes);
  auto fits = [&](const auto& gap) { return gap.second >= size; };
  auto gap = gaps_.end();
  if (end == End::low) {
    gap = std::find_if(gaps_.begin(), gaps_.end(), fits);
  } else if (const auto last = std::find_if(gaps_.rbegin(), gaps_.rend(), fits); last != gaps_.rend()) {
    gap = std::prev(last.base());
  }
  if (gap == gaps_.end()) return std::nullopt;
  const auto [begin, length] = *gap;
  const int64_t at = end == End::low ? begin : begin + length - size;
  taken_.emplace(at, size);
  // What is left of the gap keeps its node, so that nothing is asked for once the place is noted.
  auto node = gaps_.extract(gap);
  node.key() = end == End::low ? begin + size : begin;
  node.mapped() = length - size;
  if (node.mapped() > 0) gaps_.insert(std::move(node));
  free_ -= size;
  return at;
}

void Arena::give(int64_t at) {
  auto node = taken_.extract(at);
  free_ += node.mapped();
  const auto after = gaps_.upper_bound(at);
  if (after != gaps_.end() && after->first == at + node.mapped()) {
    node.mapped() += after->second;
    gaps_.erase(after);
  }
  if (const auto next = gaps_.upper_bound(at); next != gaps_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == at) {
      before->second += node.mapped();
      return;
    }
  }
  gaps_.insert(std::move(node));
}

int64_t Arena::largest_gap() const {
  int64_t largest = 0;
  for (const auto& [begin, length] : gaps_) largest = std::max(largest, length);
  return largest;
}

}  // namespace glossa
