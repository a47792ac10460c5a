// Attention on a GPU as the formula reads, for float32 and for heads that matrix instructions do not take: a warp a
// query, each lane two keys of a tile, then each lane some columns. Backward, a warp a query or a key.
#include "ops/attention/attention_gpu.h"

namespace glossa {
namespace {

constexpr int kWarps = 4, kThreads = kWarps * kWarp;
constexpr int kColumns = 16;  // of a lane: head_dim is 512 at most

template <class A, class B>
__device__ inline float dot(const A* x, const B* y, int n) {
  float sum = 0;
  if (n % kPack == 0) {
#pragma unroll 1
    for (int i = 0; i < n; i += kPack) {
      float a[kPack], b[kPack];
      load_pack(a, x + i);
      load_pack(b, y + i);
      for (int k = 0; k < kPack; ++k) sum = fmaf(a[k], b[k], sum);
    }
  } else {
#pragma unroll 1
    for (int i = 0; i < n; ++i) sum = fmaf(to_float(x[i]), to_float(y[i]), sum);
  }
  return sum;
}

// sum[i] += weight * x[lane + 32 i]
template <class T>
__device__ inline void add_row(float (&sum)[kColumns], float weight, const T* x, int n) {
#pragma unroll
  for (int i = 0; i < kColumns; ++i) {
    const int column = static_cast<int>(threadIdx.x) % kWarp + kWarp * i;
    if (column < n) sum[i] = fmaf(weight, to_float(x[column]), sum[i]);
  }
}
template <class T>
__device__ inline void store_row(T* to, const float (&x)[kColumns], float factor, int n) {
#pragma unroll
  for (int i = 0; i < kColumns; ++i) {
    const int column = static_cast<int>(threadIdx.x) % kWarp + kWarp * i;
    if (column < n) to[column] = from_float<T>(x[i] * factor);
  }
}

// The query of the calling warp: one of `rows * heads` of a sequence, in blocks of kWarps.
struct Query {
  int64_t sequence;
  int row, head;
  __device__ explicit Query(const GpuAttention& a) {
    const int64_t blocks = (static_cast<int64_t>(a.rows) * a.heads + kWarps - 1) / kWarps;
    sequence = blockIdx.x / blocks;
    const int64_t i = blockIdx.x % blocks * kWarps + threadIdx.x / kWarp;
    row = static_cast<int>(i / a.heads);
    head = static_cast<int>(i % a.heads);
  }
};
unsigned query_blocks(const GpuAttention& a) {
  return static_cast<unsigned>(a.count * ((static_cast<int64_t>(a.rows) * a.heads + kWarps - 1) / kWarps));
}

template <class Q, class T>
__global__ void __launch_bounds__(kThreads, 3) attention_queries(GpuAttention a) {
  __shared__ float weights_of[kWarps][kKeyTile];
  const Query query(a);
  const GpuSequence& s = a.sequences[query.sequence];
  if (query.row >= s.rows) return;
  const int lane = threadIdx.x % kWarp, hd = a.head_dim, kv_head = query.head / a.group;
  float* weights = weights_of[threadIdx.x / kWarp];
  const int own = static_cast<int>(s.own0) + query.row;
  const int64_t row = s.row0 + query.row;
  const Q* q = static_cast<const Q*>(a.qkv) + row * a.width + query.head * hd;

  float sums[kColumns] = {}, largest = -INFINITY, sum = 0;
  for (int run = 0; run < 2; ++run) {
    const GpuPages& pages = run == 0 ? s.prefix : s.own;
    const SeenKeys seen = run == 0 ? seen_of_prefix(a, s, own) : seen_of_own(a, own);
    for (int first = seen.tile(); first < seen.to; first += kKeyTile) {
      float score[2], most = -INFINITY;
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const int key = first + lane + kWarp * i;
        score[i] = -INFINITY;
        if (key >= seen.from && key < seen.to) score[i] = dot(q, key_at<T>(a, pages, kv_head, key), hd);
        most = fmaxf(most, score[i]);
      }
      const float before = largest;
      largest = fmaxf(largest, warp_max(most) * a.exponent);
      const float kept = exp2f(before - largest);
      sum *= kept;
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const float weight = exp2f(fmaf(score[i], a.exponent, -largest));
        sum += weight;
        weights[lane + kWarp * i] = weight;
      }
      __syncwarp();
#pragma unroll
      for (int i = 0; i < kColumns; ++i) sums[i] *= kept;
      for (int key = max(first, seen.from); key < min(first + kKeyTile, seen.to); ++key)
        add_row(sums, weights[key - first], key_at<T>(a, pages, kv_head, key) + value_offset(a, pages), hd);
      __syncwarp();
    }
  }
  sum = warp_sum(sum);
  store_row(static_cast<T*>(a.out) + (row * a.heads + query.head) * hd, sums, reciprocal(sum), hd);
  if (a.stats && lane == 0)
    *reinterpret_cast<float2*>(a.stats + (row * a.heads + query.head) * 2) = make_float2(largest * kLnOf2, sum);
}

// What the gradients of a query and of its keys need, in its place.
template <class T>
__global__ void __launch_bounds__(kThreads, 3) query_states(GpuAttention a, GpuAttentionGradient d) {
  const Query query(a);
  const GpuSequence& s = a.sequences[query.sequence];
  if (query.row >= s.rows) return;
  const int lane = threadIdx.x % kWarp, hd = a.head_dim;
  const int64_t row = s.row0 + query.row, at = row * a.heads + query.head;
  const float* d_out = d.d_out + (at - d.row0 * a.heads) * hd;
  const T* out = static_cast<const T*>(a.out) + at * hd;
  float sum = 0;
  for (int i = lane; i < hd; i += kWarp) sum = fmaf(d_out[i], to_float(out[i]), sum);
  sum = warp_sum(sum);
  if (lane > 0) return;
  float* to = gradient_rows(a, d, s, query.row) + query.head * hd + hd / 2;
  to[0] = a.stats[2 * at] * kLog2OfE;
  to[1] = reciprocal(a.stats[2 * at + 1]);
  to[2] = sum;
}
__device__ inline QueryState state_of(const float* place, int head_dim, int own) {
  const float* from = place + head_dim / 2;
  return {from[0], from[1], from[2], own};
}

template <class Q, class T>
__global__ void __launch_bounds__(kThreads, 3) plain_query_gradients(GpuAttention a, GpuAttentionGradient d) {
  __shared__ float slopes_of[kWarps][kKeyTile];
  const Query query(a);
  const GpuSequence& s = a.sequences[query.sequence];
  if (query.row >= s.rows) return;
  const int lane = threadIdx.x % kWarp, hd = a.head_dim, kv_head = query.head / a.group;
  float* slopes = slopes_of[threadIdx.x / kWarp];
  const int64_t row = s.row0 + query.row;
  const Q* q = static_cast<const Q*>(a.qkv) + row * a.width + query.head * hd;
  const float* d_out = d.d_out + ((row - d.row0) * a.heads + query.head) * hd;
  float* place = gradient_rows(a, d, s, query.row) + query.head * hd;
  const QueryState state = state_of(place, hd, query.row);

  float sums[kColumns] = {};
  for (int run = 0; run < 2; ++run) {
    const GpuPages& pages = run == 0 ? s.prefix : s.own;
    const SeenKeys seen = run == 0 ? seen_of_prefix(a, s, state.own) : seen_of_own(a, state.own);
    for (int first = seen.tile(); first < seen.to; first += kKeyTile) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const int key = first + lane + kWarp * i;
        if (key < seen.from || key >= seen.to) continue;
        const T* k = key_at<T>(a, pages, kv_head, key);
        const float weight = exp2f(fmaf(dot(q, k, hd), a.exponent, -state.largest)) * state.inverse;
        slopes[key - first] = weight * (dot(d_out, k + value_offset(a, pages), hd) - state.dot);
      }
      __syncwarp();
      for (int key = max(first, seen.from); key < min(first + kKeyTile, seen.to); ++key)
        add_row(sums, slopes[key - first], key_at<T>(a, pages, kv_head, key), hd);
      __syncwarp();
    }
  }
  store_row(place, sums, a.scale, hd);
}

GLOSSA_HD inline int64_t key_blocks(const GpuAttention& a) {
  return (static_cast<int64_t>(a.prefix + a.rows) * a.kv_heads + kWarps - 1) / kWarps;
}

// A warp a key of the prefix or an own one; queries in their order, 32 at a time.
template <class Q, class T>
__global__ void __launch_bounds__(kThreads, 3) plain_key_gradients(GpuAttention a, GpuAttentionGradient d) {
  __shared__ float weights_of[kWarps][2][kWarp];
  const int lane = threadIdx.x % kWarp, hd = a.head_dim;
  float(*weights)[kWarp] = weights_of[threadIdx.x / kWarp];
  const int64_t blocks = key_blocks(a);
  const int64_t sequence = blockIdx.x / blocks, i = blockIdx.x % blocks * kWarps + threadIdx.x / kWarp;
  const GpuSequence& s = a.sequences[sequence];
  const int prefix = static_cast<int>(s.prefix_length), rows = static_cast<int>(s.rows);
  const int kv_head = static_cast<int>(i % a.kv_heads), key = static_cast<int>(i / a.kv_heads);
  if (key >= prefix + rows) return;
  const bool own = key >= prefix;
  const int position = own ? key - prefix : key;
  const GpuPages& pages = own ? s.own : s.prefix;
  const T* k = key_at<T>(a, pages, kv_head, position);
  const T* v = k + value_offset(a, pages);

  // Rows that see the key.
  const int first_row = own ? position : 0, last_row = a.window > 0 ? min(rows, key - prefix + a.window) : rows;
  float dk[kColumns] = {}, dv[kColumns] = {};
  for (int first = first_row * a.group; first < last_row * a.group; first += kWarp) {
    const int query = first + lane, queries = min(kWarp, last_row * a.group - first);
    if (lane < queries) {
      const int row = query / a.group, head = kv_head * a.group + query % a.group;
      const int64_t of = s.row0 + row;
      const Q* q = static_cast<const Q*>(a.qkv) + of * a.width + head * hd;
      const float* d_out = d.d_out + ((of - d.row0) * a.heads + head) * hd;
      const QueryState state = state_of(gradient_rows(a, d, s, row) + head * hd, hd, row);
      const float weight = exp2f(fmaf(dot(q, k, hd), a.exponent, -state.largest)) * state.inverse;
      weights[0][lane] = weight;
      weights[1][lane] = weight * (dot(d_out, v, hd) - state.dot);
    }
    __syncwarp();
    for (int j = 0; j < queries; ++j) {
      const int row = (first + j) / a.group, head = kv_head * a.group + (first + j) % a.group;
      const int64_t of = s.row0 + row;
      add_row(dv, weights[0][j], d.d_out + ((of - d.row0) * a.heads + head) * hd, hd);
      add_row(dk, weights[1][j], static_cast<const Q*>(a.qkv) + of * a.width + head * hd, hd);
    }
    __syncwarp();
  }
  const KeyGradient to = key_gradient(a, d, s, d.gradients[sequence], own, kv_head, position);
  store_row(to.key, dk, a.scale, hd);
  store_row(to.value, dv, 1, hd);
}

}  // namespace

void attention_forward_plain(Stream& stream, const GpuAttention& a, Dtype queries, Dtype keys) {
  with_type(queries, [&](auto q) {
    with_type(keys, [&](auto t) {
      launch(stream, "attention_queries", attention_queries<decltype(q), decltype(t)>, query_blocks(a), kThreads, 0, a);
    });
  });
}

void attention_backward_plain(Stream& stream, const GpuAttention& a, const GpuAttentionGradient& d, Dtype queries,
                              Dtype keys) {
  with_type(queries, [&](auto q) {
    with_type(keys, [&](auto t) {
      using Q = decltype(q);
      using T = decltype(t);
      launch(stream, "query_states", query_states<T>, query_blocks(a), kThreads, 0, a, d);
      launch(stream, "plain_key_gradients", plain_key_gradients<Q, T>, static_cast<unsigned>(a.count * key_blocks(a)),
             kThreads, 0, a, d);
      launch(stream, "plain_query_gradients", plain_query_gradients<Q, T>, query_blocks(a), kThreads, 0, a, d);
    });
  });
}

}  // namespace glossa
