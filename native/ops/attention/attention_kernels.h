// Causal grouped-query attention of one sequence whose keys lie in two runs of pages: a prefix shared with other
// sequences (the prompt without its last token) and its own. Row r of a call sees the whole prefix and own keys 0 ..
// own0 + r; of these the last `window` alone, where that is not 0.
//
// Order of additions, the same in sampler and trainer: a score is one chain over head_dim ascending; the maximum is
// exact; the sum of exponentials runs in 16 lanes by (index within the run) mod 16, prefix tiles first, then own tiles,
// then the fixed tree; the output is one chain over keys ascending, prefix first, of unnormalised weights exp(s - max),
// multiplied by 1 / sum at the end. A key that is not seen has a weight of 0. So no result depends on how many rows or
// sequences are in flight, or on the size of a page. Pages that start on a cache line (64 bytes) are read about 1.5
// times as fast.
#pragma once
#include <cstdint>

#include "base/dtype.h"
#include "ops/qkv/qkv_kernels.h"

namespace glossa {

struct AttentionKernels {
  // q: rows of leading dimension ldq (float32, rotated). out [rows][heads*head_dim] of type t, leading dimension ldo.
  // stats [rows][heads][2] = {max, sum} of the scaled scores, or null. scale is applied to q before the dot product.
  // scratch: attention_scratch_bytes.
  void (*forward)(void* out, int64_t ldo, float* stats, const float* q, int64_t ldq, int64_t rows, int64_t own0,
                  const KvPages& prefix, int64_t prefix_length, const KvPages& own, const QkvShape& shape, float scale,
                  int64_t window, Dtype t, void* scratch);
  // Gradients of a whole sequence (own0 = 0). dq overwrites rows of leading dimension ldq (may alias nothing).
  // dk_own, dv_own [kv_heads][kv_capacity(rows)][head_dim] and dk_prefix, dv_prefix
  // [kv_heads][kv_capacity(prefix_length)][head_dim]
  // (float32) are overwritten for the positions in use: sums over this sequence's rows in ascending order.
  void (*backward)(float* dq, int64_t lddq, float* dk_own, float* dv_own, float* dk_prefix, float* dv_prefix,
                   const float* dout, const void* out, int64_t ldo, const float* stats, const float* q, int64_t ldq,
                   int64_t rows, const KvPages& prefix, int64_t prefix_length, const KvPages& own,
                   const QkvShape& shape, float scale, int64_t window, Dtype t, void* scratch);
};
int64_t attention_scratch_bytes(const QkvShape& shape, int64_t keys);  // keys: prefix + own, per thread

}  // namespace glossa
