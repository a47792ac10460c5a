// A batch's sequences as kernels read them, with their page tables.
#pragma once
#include <vector>

#include "device/cuda/staging.h"
#include "ops/sequences.h"

namespace glossa {

// Pages of one run of keys and values. Position p lies in page p / positions of the device's list, in a layer's part at
// `layer * 2 * kv` elements from the page's start: keys [kv_heads][positions][head_dim], then values, where kv is
// kv_heads * positions * head_dim.
struct GpuPages {
  const Address* pages;
  int64_t positions;
};
// Of a run's first `keys` keys.
inline int64_t pages_of(const KvCache& cache, int64_t keys) {
  return keys > 0 ? (keys + cache.positions - 1) / cache.positions : 0;
}
struct GpuSequence {
  int64_t row0, rows, position0, own0, prefix_length;
  GpuPages own, prefix;
};

// The table of the last call stays on the device: the layers of a pass ask for the same one after the other.
class SequenceTable {
 public:
  // Pages of a run are read as far as its keys go: prefix_length of the prefix, own0 + rows of its own.
  const GpuSequence* upload(Stream&, const SequenceRows*, int64_t count);
  ~SequenceTable() { clear(); }

 private:
  void clear();

  Stream* stream_ = nullptr;
  std::vector<unsigned char> host_;  // what lies on the device, addresses of lists counted from its start
  unsigned char* device_ = nullptr;
  int64_t room_ = 0;
};

}  // namespace glossa
