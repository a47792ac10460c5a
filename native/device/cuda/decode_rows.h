// What the rows of a decoding batch are on the device, where a pass of it goes on to the next.
#pragma once
#include "device/cuda/sequence_table.h"
#include "ops/ops.h"

namespace glossa {

// [rows] each.
struct GpuDecodeRows {
  GpuSequence* sequences;  // of no rows: it rests
  int32_t* ids;
  Draw* draws;  // keys, and what the pass draws
  int32_t* left;
  int32_t* pass;
  int32_t* from;  // DecodeBatch::from
  int32_t* last;  // what a row of the batch before drew last; kResting where it rests
  Draw* drawn;    // [passes][rows]
  void* filters;  // kFilterBytes a row, between the two kernels of a draw
  // [passes][rows][words], what the filters kept: DecodeBatch::kept; of no words: it is not asked for.
  uint32_t* kept;
};
constexpr int64_t kFilterBytes = 16;
constexpr int64_t kCudaDecodePasses = 8;
constexpr int64_t kCudaDecodeLooks = 2;

struct DecodeRows {
  const DecodeBatch& batch;
  GpuDecodeRows rows;
  int64_t capacity;  // rows between two passes of what is drawn and kept
};

}  // namespace glossa
