// A batch of rows as sequences: whose keys a row sees, and where its own go.
#pragma once
#include "ops/operands.h"

namespace glossa {

// Keys and values of one sequence in every layer: position p lies in pages[p / positions]. A page is
// [layers][k, v][kv_heads][positions][head_dim]; how it orders the last two is the device's own affair.
struct KvCache {
  const Address* pages = nullptr;  // host
  int64_t positions = 0;           // of a page, a multiple of 16
};

// Rows of one sequence among the rows of the buffers.
struct SequenceRows {
  int64_t row0, rows;
  int64_t position0;  // rotary position of the first row
  int64_t own0;       // index of the first row's key in `own`
  KvCache own;
  KvCache prefix;  // shared with other sequences; prefix_length 0: none
  int64_t prefix_length;
};

// Gradients of the keys and values of one sequence in every layer: [layers][k, v][kv_heads][capacity][head_dim], where
// capacity is kv_capacity of its length.
struct KvGradient {
  Values data;
  int64_t capacity = 0;
};

struct SequenceGradient {
  Values partial;             // sums of the row parameters' gradients over the sequence's rows, zeroed by the caller
  KvGradient prefix;          // receives the gradient of its prefix's keys and values; no data: no prefix
  const KvGradient* readers;  // of a prefix: the gradients that its completions left, added in this order
  int64_t reader_count;
};

}  // namespace glossa
