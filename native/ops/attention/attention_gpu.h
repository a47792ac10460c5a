// What the attention kernels of a GPU share: operands as they take them, which keys a row sees, and where these lie.
//
// A query is one head of one row; the queries of a sequence that read the same kv head are counted row by row, and
// within a row by heads. Each goes through its keys in tiles of 64: those of the prefix, counted from its start, then
// its own ones. A tile of which a query sees nothing changes no bit of it, so whoever is computed beside it may need
// that tile or not.
//
// In a tile: scores, each one chain over head_dim; the largest so far; weights 2^(score * exponent - largest); what was
// summed so far, and the outputs so far, times 2^(largest before - largest); then the weights are added. At the end
// outputs are divided by the sum.
#pragma once
#include "device/cuda/sequence_table.h"
#include "device/cuda/stream.h"
#include "ops/ops.h"

namespace glossa {

constexpr int kKeyTile = 64;
constexpr float kLog2OfE = 1.44269504f, kLnOf2 = 0.693147181f;

// Of a sum of weights. Without the call that a division is, which registers do not outlive.
__device__ inline float reciprocal(float x) {
#if defined(__CUDA_ARCH__)
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return fmaf(y, fmaf(-x, y, 1.0f), y);
#else
  return 1.0f / x;
#endif
}

struct GpuAttention {
  const GpuSequence* sequences;
  int heads, kv_heads, group, head_dim;  // group: heads that share a kv head
  uint32_t per_group;                    // 2^32 / group, rounded up
  int64_t layer;
  float scale, exponent;  // exponent: scale * log2(e)
  int window;
  void* qkv;  // rows of `width`
  int64_t width;
  void* out;      // rows of heads * head_dim
  float* stats;   // or null
  int64_t count;  // sequences
  int rows;       // of the longest one
  int prefix;     // the longest one
};

// A query of a kv head by its row and head. Exact up to 2^32 / group queries.
struct QueryAt {
  int row, head;
};
__device__ inline int row_of(const GpuAttention& a, int query) {
  return a.group == 1 ? query : static_cast<int>(__umulhi(static_cast<uint32_t>(query), a.per_group));
}
__device__ inline QueryAt query_at(const GpuAttention& a, int kv_head, int query) {
  const int row = row_of(a, query);
  return {row, kv_head * a.group + query - row * a.group};
}

// The gradients that a sequence's backward pass reads and leaves.
struct GpuGradient {
  float* partial;
  float* prefix;
  int64_t capacity;
  int64_t first_reader, readers;
};
struct GpuReader {
  const float* data;
  int64_t capacity;
};
struct GpuAttentionGradient {
  const GpuGradient* gradients;
  const GpuReader* readers;
  const float* d_out;  // rows of heads * head_dim, counted from `row0`
  int64_t row0;
  // Rows of `width`, counted from `d_row0`. A query's place among the q columns, head_dim numbers, holds until its
  // gradient takes it: d_out in the operands' type where that is bfloat16, and from its middle on what QueryState says.
  float* d_qkv;
  int64_t d_row0;
};
// largest: that of forward; inverse: of its sum; dot: sum of d_out * out; own: index of its row among own keys.
struct alignas(16) QueryState {
  float largest, inverse, dot;
  int own;
};

template <class T>
__device__ inline T* page_of(const GpuPages& pages, int64_t i) {
  return reinterpret_cast<T* const*>(pages.pages)[i];
}
// The key at `position` of a run; its value lies `values` elements on.
template <class T>
__device__ inline const T* key_at(const GpuAttention& a, const GpuPages& pages, int kv_head, int position) {
  const int positions = static_cast<int>(pages.positions), page = position / positions;
  return page_of<const T>(pages, page) +
         ((2 * a.layer * a.kv_heads + kv_head) * positions + (position - page * positions)) * a.head_dim;
}
__device__ inline int64_t value_offset(const GpuAttention& a, const GpuPages& pages) {
  return a.kv_heads * pages.positions * a.head_dim;
}

// Keys [from, to) of a run, counted from its start.
struct SeenKeys {
  int from, to;
  __device__ bool has(int key) const { return key >= from && key < to; }
  // Where the first tile begins.
  __device__ int tile() const { return from < to ? from / kKeyTile * kKeyTile : to; }
};
__device__ inline SeenKeys seen_of_prefix(const GpuAttention& a, const GpuSequence& s, int own) {
  const int to = static_cast<int>(s.prefix_length), from = a.window > 0 ? to + own + 1 - a.window : 0;
  return {min(max(from, 0), to), to};
}
__device__ inline SeenKeys seen_of_own(const GpuAttention& a, int own) {
  const int from = a.window > 0 ? own + 1 - a.window : 0;
  return {max(from, 0), own + 1};
}

__device__ inline float* gradient_rows(const GpuAttention& a, const GpuAttentionGradient& d, const GpuSequence& s,
                                       int row) {
  return d.d_qkv + (s.row0 + row - d.d_row0) * a.width;
}
// Where the gradient of a key goes, and that of its value.
struct KeyGradient {
  float *key, *value;
};
__device__ inline KeyGradient key_gradient(const GpuAttention& a, const GpuAttentionGradient& d, const GpuSequence& s,
                                           const GpuGradient& g, bool own, int kv_head, int position) {
  if (own) {
    float* at = gradient_rows(a, d, s, position) + (a.heads + kv_head) * a.head_dim;
    return {at, at + a.kv_heads * a.head_dim};
  }
  float* at = g.prefix + ((2 * a.layer * a.kv_heads + kv_head) * g.capacity + position) * a.head_dim;
  return {at, at + a.kv_heads * g.capacity * a.head_dim};
}

// Where matrix instructions serve a head: f(its size as a constant), and true.
template <class F>
bool with_head(int head_dim, const F& f) {
  switch (head_dim) {
    case 32:
      f(std::integral_constant<int, 32>{});
      return true;
    case 64:
      f(std::integral_constant<int, 64>{});
      return true;
    case 96:
      f(std::integral_constant<int, 96>{});
      return true;
    case 128:
      f(std::integral_constant<int, 128>{});
      return true;
    case 256:
      f(std::integral_constant<int, 256>{});
      return true;
    default:
      return false;
  }
}

// The same of warpgroups.
template <class F>
bool with_warpgroup_head(int head_dim, const F& f) {
  if (head_dim == 64) return f(std::integral_constant<int, 64>{}), true;
  if (head_dim == 128) return f(std::integral_constant<int, 128>{}), true;
  return false;
}

GpuAttention gpu_attention(const AttentionLayer&, const GpuSequence* table, const SequenceRows*, int64_t count);

// bfloat16 by matrix instructions; false where head_dim is none of theirs. queries: type of qkv.
bool attention_forward_tiled(Stream&, const GpuAttention&, Dtype queries);
bool attention_backward_tiled(Stream&, const GpuAttention&, const GpuAttentionGradient&, Dtype queries);
// The same bits by Hopper's instructions, of bfloat16 queries; false where head_dim is none of theirs.
bool attention_forward_wgmma(Stream&, const GpuAttention&);
bool attention_backward_wgmma(Stream&, const GpuAttention&, const GpuAttentionGradient&);
// What the backward kernels with matrix instructions need of each query, in its place.
void prepare_queries(Stream&, const GpuAttention&, const GpuAttentionGradient&);
// Any type and head.
void attention_forward_plain(Stream&, const GpuAttention&, Dtype queries, Dtype keys);
void attention_backward_plain(Stream&, const GpuAttention&, const GpuAttentionGradient&, Dtype queries, Dtype keys);

// The rest of attention_backward, from gradients of rotated queries and keys to those of the product.
void qkv_backward(Stream&, const AttentionLayer&, const AttentionGradient&, const GpuAttention&,
                  const GpuAttentionGradient&, bool any_readers);

}  // namespace glossa
