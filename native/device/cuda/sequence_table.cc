#include "device/cuda/sequence_table.h"

#include <cstring>

namespace glossa {

const GpuSequence* SequenceTable::upload(Stream& stream, const SequenceRows* sequences, int64_t count) {
  int64_t pages = 0;
  for (int64_t i = 0; i < count; ++i) {
    const SequenceRows& s = sequences[i];
    pages += pages_of(s.prefix, s.prefix_length) + pages_of(s.own, s.own0 + s.rows);
  }
  const int64_t lists = count * static_cast<int64_t>(sizeof(GpuSequence));
  const int64_t bytes = lists + pages * static_cast<int64_t>(sizeof(Address));
  if (bytes > room_) {
    clear();
    stream_ = &stream;
    device_ = static_cast<unsigned char*>(stream.allocate(2 * bytes));
    room_ = 2 * bytes;
  }
  std::vector<unsigned char> made(static_cast<size_t>(bytes));
  int64_t at = lists;
  auto list = [&](const KvCache& cache, int64_t keys) {
    const int64_t n = pages_of(cache, keys) * static_cast<int64_t>(sizeof(Address));
    if (n > 0) std::memcpy(made.data() + at, cache.pages, static_cast<size_t>(n));
    const GpuPages p{reinterpret_cast<const Address*>(device_ + at), cache.positions};
    at += n;
    return p;
  };
  for (int64_t i = 0; i < count; ++i) {
    const SequenceRows& s = sequences[i];
    GpuSequence g{s.row0, s.rows, s.position0, s.own0, s.prefix_length, {}, {}};
    g.own = list(s.own, s.own0 + s.rows);
    g.prefix = list(s.prefix, s.prefix_length);
    std::memcpy(made.data() + i * static_cast<int64_t>(sizeof g), &g, sizeof g);
  }
  if (made != host_) {
    host_ = std::move(made);
    stream.upload(device_, host_.data(), bytes);
  }
  return reinterpret_cast<const GpuSequence*>(device_);
}

void SequenceTable::clear() {
  if (device_) stream_->release(device_);
  device_ = nullptr;
  room_ = 0;
  host_.clear();
}

}  // namespace glossa
