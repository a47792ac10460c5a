// What training and log-probabilities share: a batch as rows, and sequences gathered into tasks for the lanes.
#pragma once
#include "engine/state.h"
#include "model/forward.h"
#include "model/layout.h"

namespace glossa {

// Rows of the batch that are not masked out (mask null: all).
std::vector<BatchRow> batch_rows(const SequenceBatch&, const uint8_t* mask);

// A run of a list of sequences that a lane takes at a time.
struct SequenceTask {
  int64_t first, count, rows;
};
// Tasks of about `target` rows, a sequence never split, the largest first.
std::vector<SequenceTask> sequence_tasks(const std::vector<SequenceRows>&, int64_t target);
// Rows of a task over `rows` rows: all of them where a lane takes all at once.
int64_t task_rows(const Device&, int64_t rows);

// The sequences of a micro-batch with their caches, each one page of its own length: prefixes and the others apart,
// both in order. `index` gives for each its number in the micro-batch.
struct Placed {
  std::vector<Address> pages;
  std::vector<SequenceRows> prefixes, own;
  std::vector<int64_t> prefix_index, own_index;
};
int64_t kv_bytes(const Model&, const MicroBatch&);
Placed place_sequences(const Model&, const MicroBatch&, Address caches);

// Rows of a micro-batch where the caller did not say, from the bytes that one row needs.
int64_t chosen_micro_batch(const DeviceTraits&, int64_t bytes_per_row);

}  // namespace glossa
