// Queries, keys and values on a GPU: a block takes a row, norms and rotates its queries in place, and writes its key
// and value to their page.
#include "device/cuda/cuda_ops.h"
#include "ops/qkv/qkv_gpu.h"

namespace glossa {
namespace {

template <int Each, class Q, class T>
__global__ void __launch_bounds__(kQkvThreads) qkv_rows(GpuAttention a, GpuQkv n) {
  GLOSSA_SHARED_MEMORY(memory);
  __shared__ float shared[kWarp];
  float* rstd = reinterpret_cast<float*>(memory);  // [heads + kv_heads]
  const GpuSequence& s = a.sequences[blockIdx.x / a.rows];
  const int r = static_cast<int>(blockIdx.x % a.rows);
  if (r >= s.rows) return;
  const int64_t row = s.row0 + r, qk_width = static_cast<int64_t>(a.heads + a.kv_heads) * a.head_dim;
  const int half = a.head_dim / 2, thread = threadIdx.x, threads = blockDim.x;
  Q* qkv = static_cast<Q*>(a.qkv) + row * a.width;
  Q* raw = n.raw ? static_cast<Q*>(n.raw) + row * qk_width : nullptr;

  if (n.norm != QkNorm::none) {
    sums_of_norms<Each>(rstd, shared, a, n, [&](const Pair<Each>& pair) {
      float x[Each], y[Each], sum = 0;
      load_each(x, qkv + pair.at(a));
      load_each(y, qkv + pair.at(a) + half);
#pragma unroll
      for (int i = 0; i < Each; ++i) sum = fmaf(y[i], y[i], fmaf(x[i], x[i], sum));
      return sum;
    });
    for (int head = thread; head < a.heads + a.kv_heads; head += threads) {
      const bool query = head < a.heads;
      const int of = query ? head : head - a.heads;
      rstd[head] = 1.0f / sqrtf(rstd[head] / norm_width(a, n, head) + n.eps);
      if (n.norm == QkNorm::per_head)
        (query ? n.rstd_q + row * a.heads : n.rstd_k + row * a.kv_heads)[of] = rstd[head];
      else if (of == 0)
        (query ? n.rstd_q : n.rstd_k)[row] = rstd[head];
    }
    __syncthreads();
  }

  const int position = static_cast<int>(s.own0) + r;
  T* page = const_cast<T*>(key_at<T>(a, s.own, 0, position));  // those of the next kv head lie `next` on
  const int64_t next = s.own.positions * a.head_dim;
  for (int i = thread; i < Pair<Each>::count(a); i += threads) {
    const Pair<Each> pair(a, i);
    Q* at = qkv + pair.at(a);
    float x[Each], y[Each];
    load_each(x, at);
    load_each(y, at + half);
    if (raw) {
      store_each(raw + pair.at(a), x);
      store_each(raw + pair.at(a) + half, y);
    }
    if (n.norm != QkNorm::none) {
      const float* weights = pair.weights(a, n);
      float of_x[Each], of_y[Each];
      load_each(of_x, weights);
      load_each(of_y, weights + half);
#pragma unroll
      for (int k = 0; k < Each; ++k) {
        x[k] = x[k] * rstd[pair.head] * (of_x[k] + n.offset);
        y[k] = y[k] * rstd[pair.head] * (of_y[k] + n.offset);
      }
    }
    if (n.rope) rotate(x, y, n.rope + (s.position0 + r) * a.head_dim + pair.column, half, 1);
    if (pair.head < a.heads) {
      store_each(at, x);
      store_each(at + half, y);
    } else {
      T* key = page + (pair.head - a.heads) * next + pair.column;
      store_each(key, x);
      store_each(key + half, y);
    }
  }
  T* values = page + value_offset(a, s.own);
  const int across = a.head_dim / Each;
  for (int i = thread; i < a.kv_heads * across; i += threads) {
    float x[Each];
    load_each(x, qkv + qk_width + i * Each);
    store_each(values + i / across * next + i % across * Each, x);
  }
}

}  // namespace

void CudaOps::qkv(const AttentionLayer& a, const SequenceRows* sequences, int64_t count) {
  if (count == 0) return;
  const GpuAttention g = gpu_attention(a, on_device(sequences, count), sequences, count);
  const GpuQkv n = gpu_qkv(a);
  const int64_t shared = (a.shape.heads + a.shape.kv_heads) * 4;
  with_each(g.head_dim, [&](auto each) {
    with_type(a.qkv.type, [&](auto q) {
      with_type(a.type, [&](auto t) {
        launch(stream_, "qkv_rows", qkv_rows<decltype(each)::value, decltype(q), decltype(t)>, qkv_blocks(g),
               kQkvThreads, shared, g, n);
      });
    });
  });
}

}  // namespace glossa
