// The steps of one tile for a row, of which a lane holds a quarter: the same in every kernel, so that a row has the
// same bits in each.
#pragma once
#include "ops/attention/attention_tile.h"

namespace glossa {

// ---------------------------------------------------------------------------------------------------------------------
// Forward: scores become weights.

struct Largest {
  float now, subtracted, kept;  // subtracted from exponents; kept: factor of what was summed so far
};
__device__ inline Largest next_largest(float before, float of_tile, float exponent) {
  const float now = fmaxf(before, of_tile * exponent);
  const float subtracted = now == -INFINITY ? 0.0f : now;  // nothing seen yet
  return {now, subtracted, power_of_two(before - subtracted)};
}
__device__ inline float weight_of(float score, float exponent, float subtracted) {
  return power_of_two(fmaf(score, exponent, -subtracted));
}
// The lane's share of the sum, of the weights as they are multiplied. half: row lane / 4 or that + 8 of the operand.
template <int K>
__device__ inline float add_weights(float sum, const uint32_t (&w)[K][4], int half) {
#pragma unroll
  for (int k = 0; k < K; ++k)
#pragma unroll
    for (int i = half; i < 4; i += 2) sum = sum + low_half(w[k][i]) + high_half(w[k][i]);
  return sum;
}
__device__ inline float masked(float score, int key, const SeenKeys& seen) {
  return seen.has(key) ? score : -INFINITY;
}

// Rows lane / 4 and that + 8 of a product.
struct SoftmaxRows {
  float largest[2] = {-INFINITY, -INFINITY};
  float sum[2] = {};  // the lane's share
};
// Scores x of a tile of 64 keys from `first` on become weights. `seen`(half): the keys that a row sees, asked for where
// that is not all of them. keep(half, factor): of the outputs so far.
template <class Seen, class Keep>
__device__ inline void weigh(SoftmaxRows& rows, float (&x)[8][4], float exponent, int first, bool all_seen,
                             const Seen& seen, const Keep& keep) {
  const int lane = threadIdx.x % kWarp;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    if (!all_seen) {
      const SeenKeys keys = seen(half);
#pragma unroll
      for (int j = 0; j < 8; ++j)
#pragma unroll
        for (int c = 0; c < 2; ++c) {
          float& score = x[j][2 * half + c];
          score = masked(score, first + 8 * j + lane % 4 * 2 + c, keys);
        }
    }
    float most = -INFINITY;
#pragma unroll
    for (int j = 0; j < 8; ++j) most = fmaxf(most, fmaxf(x[j][2 * half], x[j][2 * half + 1]));
    const Largest next = next_largest(rows.largest[half], row_max(most), exponent);
    rows.largest[half] = next.now;
    rows.sum[half] *= next.kept;
    keep(half, next.kept);
#pragma unroll
    for (int j = 0; j < 8; ++j)
#pragma unroll
      for (int c = 2 * half; c < 2 * half + 2; ++c) x[j][c] = weight_of(x[j][c], exponent, next.subtracted);
  }
}
template <int N>
__device__ inline void scale_row(float (&o)[N][4], int half, float factor) {
#pragma unroll
  for (int j = 0; j < N; ++j) o[j][2 * half] *= factor, o[j][2 * half + 1] *= factor;
}
// Weights become an operand, and are summed as they are multiplied.
__device__ inline void pack_weights(uint32_t (&w)[4][4], SoftmaxRows& rows, const float (&x)[8][4]) {
  to_operand(w, x);
#pragma unroll
  for (int half = 0; half < 2; ++half) rows.sum[half] = add_weights(rows.sum[half], w, half);
}
// Outputs and statistics of 16 queries of a kv head, of which `first` is the first.
template <int N>
__device__ inline void store_outputs(const GpuAttention& a, const GpuSequence& s, int kv_head, int first, int queries,
                                     const float (&o)[N][4], const SoftmaxRows& rows) {
  const int lane = threadIdx.x % kWarp;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const float all = row_sum(rows.sum[half]), inverse = reciprocal(all);
    const int query = first + 8 * half + lane / 4;
    if (query >= queries) continue;
    const QueryAt of = query_at(a, kv_head, query);
    const int64_t at = (s.row0 + of.row) * a.heads + of.head;
    uint32_t* out = reinterpret_cast<uint32_t*>(static_cast<Bf16*>(a.out) + at * (8 * N)) + lane % 4;
#pragma unroll
    for (int j = 0; j < N; ++j) out[4 * j] = pair_of(o[j][2 * half] * inverse, o[j][2 * half + 1] * inverse);
    if (a.stats && lane % 4 == 0)
      *reinterpret_cast<float2*>(a.stats + 2 * at) = make_float2(rows.largest[half] * kLnOf2, all);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Backward: scores and the gradients of weights become weights and slopes. With w the softmax weight, D = sum(d_out *
// out): dv = w d_out, ds = w (d_out . v - D), dk = scale ds q, dq = scale ds k.

__device__ inline float* query_place(const GpuAttention& a, const GpuAttentionGradient& d, const GpuSequence& s,
                                     const QueryAt& at) {
  return gradient_rows(a, d, s, at.row) + at.head * a.head_dim;
}
// Queries [first, first + Rows) as copy_queries takes them, their d_out, and their states. A query that is not there
// has weights of 0, for the inverse of its sum is.
template <class Tile, int Rows, class Q>
__device__ inline void copy_gradients(Bf16* queries_at, Bf16* d_out_at, QueryState* states, const GpuAttention& a,
                                      const GpuAttentionGradient& d, const GpuSequence& s, int kv_head, int first,
                                      int queries) {
  each_piece<Tile, Rows>([&](int row, int column) {
    const bool there = first + row < queries;
    const QueryAt at = query_at(a, kv_head, there ? first + row : 0);
    const float* place = query_place(a, d, s, at);
    const int to = Tile::at(row, column);
    copy_piece(queries_at + to, query_row<Q>(a, s, at) + column, there);
    copy_piece(d_out_at + to, reinterpret_cast<const Bf16*>(place) + column, there);
    if (column == 0) copy_async(states + row, place + Tile::kHeadDim / 2, there ? 16 : 0);
  });
}

// f(half, column, number) for each number of a product that the calling thread has.
template <int N, class F>
__device__ inline void each_number(float (&x)[N][4], const F& f) {
  const int lane = threadIdx.x % kWarp;
#pragma unroll
  for (int j = 0; j < N; ++j)
#pragma unroll
    for (int c = 0; c < 2; ++c)
#pragma unroll
      for (int half = 0; half < 2; ++half) f(half, 8 * j + lane % 4 * 2 + c, x[j][2 * half + c]);
}
// Scores x become weights, those of keys that their query does not see 0. state(half, column): of the query.
template <int N, class State, class Sees>
__device__ inline void weigh_again(float (&x)[N][4], float exponent, const State& state, bool all_seen,
                                   const Sees& sees) {
  each_number(x, [&](int half, int column, float& score) {
    const QueryState& q = state(half, column);
    score = power_of_two(fmaf(score, exponent, -q.largest)) * q.inverse;
  });
  if (!all_seen)
    each_number(x, [&](int half, int column, float& weight) {
      if (!sees(half, column, state(half, column).own)) weight = 0;
    });
}
// Gradients y of the weights x become slopes of the scores.
template <int N, class State>
__device__ inline void to_slopes(float (&y)[N][4], const float (&x)[N][4], const State& state) {
  const int lane = threadIdx.x % kWarp;
#pragma unroll
  for (int j = 0; j < N; ++j)
#pragma unroll
    for (int c = 0; c < 4; ++c) {
      const float slope = x[j][c] * (y[j][c] - state(c / 2, 8 * j + lane % 4 * 2 + c % 2).dot);
      y[j][c] = x[j][c] == 0 ? 0.0f : slope;  // where the key is not seen nothing of it may count, not even a NaN
    }
}

// Gradients of 16 keys and their values from `first` on, of those before `end`; columns from column0 on.
template <int N>
__device__ inline void store_key_gradients(const GpuAttention& a, const GpuAttentionGradient& d, const GpuSequence& s,
                                           const GpuGradient& g, bool own, int kv_head, int first, int end, int column0,
                                           const float (&dk)[N][4], const float (&dv)[N][4]) {
  const int lane = threadIdx.x % kWarp;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int position = first + 8 * half + lane / 4;
    if (position >= end) continue;
    const KeyGradient at = key_gradient(a, d, s, g, own, kv_head, position);
    const int column = column0 + lane % 4 * 2;
#pragma unroll
    for (int j = 0; j < N; ++j) {
      *reinterpret_cast<float2*>(at.key + column + 8 * j) =
          make_float2(dk[j][2 * half] * a.scale, dk[j][2 * half + 1] * a.scale);
      *reinterpret_cast<float2*>(at.value + column + 8 * j) = make_float2(dv[j][2 * half], dv[j][2 * half + 1]);
    }
  }
}
// Of 16 queries from `first` on, into their places.
template <int N>
__device__ inline void store_query_gradients(const GpuAttention& a, const GpuAttentionGradient& d, const GpuSequence& s,
                                             int kv_head, int first, int queries, const float (&dq)[N][4]) {
  const int lane = threadIdx.x % kWarp;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int query = first + 8 * half + lane / 4;
    if (query >= queries) continue;
    float* to = query_place(a, d, s, query_at(a, kv_head, query)) + lane % 4 * 2;
#pragma unroll
    for (int j = 0; j < N; ++j)
      *reinterpret_cast<float2*>(to + 8 * j) = make_float2(dq[j][2 * half] * a.scale, dq[j][2 * half + 1] * a.scale);
  }
}

}  // namespace glossa
