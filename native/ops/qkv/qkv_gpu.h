// What the kernels of q, k and v on a GPU share: a row's heads of queries and keys lie end to end, and each is taken as
// pairs (i, i + head_dim / 2), kPack or one at a time.
#pragma once
#include "ops/attention/attention_gpu.h"

namespace glossa {

struct GpuQkv {
  QkNorm norm;
  float eps, offset;
  const float *q_norm, *k_norm, *rope;
  void* raw;  // rows of (heads + kv_heads) * head_dim, or null
  float *rstd_q, *rstd_k;
};
inline GpuQkv gpu_qkv(const AttentionLayer& a) {
  return {a.shape.qk_norm,           a.shape.eps,
          a.shape.norm_offset,       a.q_norm.data.as<float>(),
          a.k_norm.data.as<float>(), a.rope.data.as<float>(),
          a.qk_raw.data.as<void>(),  a.rstd_q.data.as<float>(),
          a.rstd_k.data.as<float>()};
}

// `Each` neighbours: a pack, or one.
template <int Each, class T>
__device__ inline void load_each(float (&x)[Each], const T* from) {
  if constexpr (Each == kPack) {
    load_pack(x, from);
  } else {
    x[0] = to_float(*from);
  }
}
template <int Each, class T>
__device__ inline void store_each(T* to, const float (&x)[Each]) {
  if constexpr (Each == kPack) {
    store_pack(to, x);
  } else {
    *to = from_float<T>(x[0]);
  }
}
// f(constant): how many pairs of a head are taken at a time.
template <class F>
void with_each(int head_dim, const F& f) {
  if (head_dim / 2 % kPack == 0)
    f(std::integral_constant<int, kPack>{});
  else
    f(std::integral_constant<int, 1>{});
}

// A pair of a row: columns of the head, and where its norm's weights and 1 / rms lie.
template <int Each>
struct Pair {
  int head, column;  // of queries, then of keys; the pair's first half
  __device__ Pair(const GpuAttention& a, int i) {
    const int of_head = a.head_dim / 2 / Each;
    head = i / of_head;
    column = i % of_head * Each;
  }
  __device__ static int count(const GpuAttention& a) { return (a.heads + a.kv_heads) * (a.head_dim / 2 / Each); }
  __device__ int at(const GpuAttention& a) const { return head * a.head_dim + column; }
  __device__ const float* weights(const GpuAttention& a, const GpuQkv& n) const {
    const bool query = head < a.heads;
    const int of = n.norm == QkNorm::per_head ? 0 : query ? head : head - a.heads;
    return (query ? n.q_norm : n.k_norm) + of * a.head_dim + column;
  }
};

// Turns a pair by the angles of a position, or back.
template <int Each>
__device__ inline void rotate(float (&x)[Each], float (&y)[Each], const float* rope, int half, float direction) {
  float cosines[Each], sines[Each];
  load_each(cosines, rope);
  load_each(sines, rope + half);
#pragma unroll
  for (int i = 0; i < Each; ++i) {
    const float p = x[i], q = y[i], sine = sines[i] * direction;
    x[i] = fmaf(p, cosines[i], -(q * sine));
    y[i] = fmaf(q, cosines[i], p * sine);
  }
}

// Sums that the norms need, term(pair) of each pair: of each head, or of all queries and all keys. A warp a head, or
// the block. `sums` [heads + kv_heads] holds a head's; `shared`: 32 numbers. Ends at a barrier.
template <int Each, class Term>
__device__ inline void sums_of_norms(float* sums, float* shared, const GpuAttention& a, const GpuQkv& n,
                                     const Term& term) {
  const int heads = a.heads + a.kv_heads, of_head = a.head_dim / 2 / Each;
  const int warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp, warps = blockDim.x / kWarp;
  if (n.norm == QkNorm::per_head) {
    for (int head = warp; head < heads; head += warps) {
      float sum = 0;
      for (int i = lane; i < of_head; i += kWarp) sum += term(Pair<Each>(a, head * of_head + i));
      sum = warp_sum(sum);
      if (lane == 0) sums[head] = sum;
    }
  } else {
    for (int part = 0; part < 2; ++part) {
      const int from = part == 0 ? 0 : a.heads, to = part == 0 ? a.heads : heads;
      float sum = 0;
      for (int i = from * of_head + static_cast<int>(threadIdx.x); i < to * of_head; i += static_cast<int>(blockDim.x))
        sum += term(Pair<Each>(a, i));
      sum = block_sum(sum, shared);
      for (int head = from + static_cast<int>(threadIdx.x); head < to; head += static_cast<int>(blockDim.x))
        sums[head] = sum;
    }
  }
  __syncthreads();
}
// Numbers that share a norm.
__device__ inline float norm_width(const GpuAttention& a, const GpuQkv& n, int head) {
  const int together = n.norm == QkNorm::per_head ? 1 : head < a.heads ? a.heads : a.kv_heads;
  return static_cast<float>(together * a.head_dim);
}

constexpr int kQkvThreads = 256;
// A block a row; sequences are taken as long as the longest.
inline unsigned qkv_blocks(const GpuAttention& a) {
  return static_cast<unsigned>(a.count * a.rows);
}

}  // namespace glossa
