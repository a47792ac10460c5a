#include "ops/attention/attention_blocks.h"
#include "ops/attention/attention_kernels.h"

namespace glossa {

int64_t attention_scratch_bytes(const QkvShape& shape, int64_t keys) {
  const int64_t group = shape.heads / shape.kv_heads, width = shape.head_dim, padded = padded_keys(keys);
  const int64_t forward = kForwardHeads * queries_per_block(group, kForwardQueries) * (2 * width + padded + 2);
  const int64_t backward = queries_per_block(group, kBackwardQueries) * (2 * width + 2 * padded) + 3 * padded * width;
  return (forward > backward ? forward : backward) * 4 + most_terms(keys) * kTermBytes +
         8 * 64;  // every array starts on a cache line
}

}  // namespace glossa
