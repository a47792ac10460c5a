#include "engine/batch.h"

#include <algorithm>

namespace glossa {

std::vector<BatchRow> batch_rows(const SequenceBatch& b, const uint8_t* mask) {
  std::vector<BatchRow> rows;
  for (int64_t i = 0; i < b.prompts.rows; ++i) {
    if (mask && !mask[i]) continue;
    rows.push_back({i, b.prompts.ids + b.prompts.offsets[i], b.prompts.length(i),
                    b.completions.ids + b.completions.offsets[i], b.completions.length(i), b.completions.offsets[i]});
  }
  return rows;
}

std::vector<SequenceTask> sequence_tasks(const std::vector<SequenceRows>& sequences, int64_t target) {
  std::vector<SequenceTask> tasks;
  for (size_t i = 0; i < sequences.size(); ++i) {
    if (tasks.empty() || tasks.back().rows + sequences[i].rows > target)
      tasks.push_back({static_cast<int64_t>(i), 0, 0});
    ++tasks.back().count;
    tasks.back().rows += sequences[i].rows;
  }
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const SequenceTask& a, const SequenceTask& b) { return a.rows > b.rows; });
  return tasks;
}

int64_t task_rows(const Device& device, int64_t rows) {
  return device.traits().takes_all() ? std::max<int64_t>(rows, 1)
                                     : std::clamp<int64_t>(rows / (6 * device.lanes()), 32, 208);
}

int64_t kv_bytes(const Model& m, const MicroBatch& b) {
  int64_t bytes = 0;
  for (const Sequence& s : b.sequences) bytes += kv_cache_bytes(m, kv_capacity(s.rows));
  return bytes;
}

Placed place_sequences(const Model& m, const MicroBatch& b, Address caches) {
  Placed out;
  out.pages.resize(b.sequences.size());
  auto cache = [&](size_t i) { return KvCache{&out.pages[i], kv_capacity(b.sequences[i].rows)}; };
  for (size_t i = 0; i < b.sequences.size(); ++i) {
    const Sequence& s = b.sequences[i];
    out.pages[i] = caches;
    caches = caches + kv_cache_bytes(m, kv_capacity(s.rows));
    SequenceRows r{};
    r.row0 = s.row0;
    r.rows = s.rows;
    r.position0 = s.position0;
    r.own = cache(i);
    r.prefix_length = s.prefix_length;
    if (s.prefix >= 0) r.prefix = cache(static_cast<size_t>(s.prefix));
    (s.row < 0 ? out.prefixes : out.own).push_back(r);
    (s.row < 0 ? out.prefix_index : out.own_index).push_back(static_cast<int64_t>(i));
  }
  return out;
}

int64_t chosen_micro_batch(const DeviceTraits& device, int64_t bytes_per_row) {
  // Products of a GPU reach their rate with some thousand rows.
  constexpr int64_t kMostOfGpu = 16384;
  if (device.memory > 0) return std::clamp<int64_t>(device.share() / bytes_per_row, 64, kMostOfGpu);
  constexpr int64_t kUsual = int64_t{64} << 20, kMost = int64_t{1536} << 20;
  return std::max<int64_t>(std::min<int64_t>(std::max<int64_t>(kUsual / bytes_per_row, 1024), kMost / bytes_per_row),
                           64);
}

}  // namespace glossa
