// Room for arrays within one piece of memory, as numbers: where each begins. What is asked for at the low end lies as
// low as it fits, what is asked for at the high end as high.
#pragma once
#include <cstdint>
#include <map>
#include <optional>

#include "device/device.h"

namespace glossa {

class Arena {
 public:
  static constexpr int64_t kAlign = 256;
  explicit Arena(int64_t bytes);

  // Where `bytes` bytes begin, a multiple of kAlign; nothing where no gap holds them.
  std::optional<int64_t> take(int64_t bytes, End);
  // What was taken there; asks for no memory.
  void give(int64_t at);

  int64_t bytes() const { return bytes_; }
  int64_t free() const { return free_; }
  int64_t largest_gap() const;

 private:
  int64_t bytes_, free_;
  std::map<int64_t, int64_t> gaps_, taken_;  // begin: length; gaps never touch each other
};

}  // namespace glossa
