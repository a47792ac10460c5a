// The end of attention's backward pass on a GPU: from the gradients of rotated queries and keys to that of the product,
// and the sums that biases and norms' weights get of a sequence.
#include "ops/qkv/qkv_gpu.h"

namespace glossa {
namespace {

// Where a row's gradients are to be found: its sequence, and its index in it; or none.
struct RowOfSequence {
  int64_t sequence;
  int row;
  __device__ explicit RowOfSequence(const GpuAttention& a)
      : sequence(blockIdx.x / a.rows), row(static_cast<int>(blockIdx.x % a.rows)) {}
};

// What readers of a prefix left is added to the gradients of its keys and values, one after the other. keys_only:
// there is nothing else.
__global__ void __launch_bounds__(kQkvThreads) add_readers(GpuAttention a, GpuAttentionGradient d, int keys_only) {
  const RowOfSequence at(a);
  const GpuSequence& s = a.sequences[at.sequence];
  const GpuGradient& g = d.gradients[at.sequence];
  if (at.row >= s.rows || (!keys_only && g.readers == 0)) return;
  float* row = gradient_rows(a, d, s, at.row);
  const int q_width = a.heads * a.head_dim, kv_width = a.kv_heads * a.head_dim;
  const int thread = threadIdx.x, threads = blockDim.x;
  if (keys_only)
    for (int i = thread; i < q_width; i += threads) row[i] = 0;
  for (int i = thread; i < 2 * kv_width; i += threads) {
    float x = keys_only ? 0.0f : row[q_width + i];
    const int64_t head = 2 * a.layer * a.kv_heads + i / a.head_dim;  // keys, then values
    for (int64_t r = 0; r < g.readers; ++r) {
      const GpuReader& reader = d.readers[g.first_reader + r];
      x += reader.data[(head * reader.capacity + at.row) * a.head_dim + i % a.head_dim];
    }
    row[q_width + i] = x;
  }
}

// The pair's gradients before its rotation.
template <int Each>
__device__ inline void load_turned_back(float (&x)[Each], float (&y)[Each], const float* row, const Pair<Each>& pair,
                                        const GpuAttention& a, const GpuQkv& n, int64_t position) {
  const int half = a.head_dim / 2;
  load_each(x, row + pair.at(a));
  load_each(y, row + pair.at(a) + half);
  if (n.rope) rotate(x, y, n.rope + position * a.head_dim + pair.column, half, -1);
}
__device__ inline float rstd_of(const GpuAttention& a, const GpuQkv& n, int64_t row, int head) {
  const bool query = head < a.heads;
  if (n.norm == QkNorm::whole) return (query ? n.rstd_q : n.rstd_k)[row];
  return query ? n.rstd_q[row * a.heads + head] : n.rstd_k[row * a.kv_heads + head - a.heads];
}

// A block a row: norms and rotation backward, and the gradient in the operands' type too. keep: the float32 numbers are
// needed afterwards.
template <int Each, class Raw>
__global__ void __launch_bounds__(kQkvThreads)
    product_gradients(GpuAttention a, GpuAttentionGradient d, GpuQkv n, Bf16* narrow, int keep) {
  GLOSSA_SHARED_MEMORY(memory);
  __shared__ float shared[kWarp];
  float* sums = reinterpret_cast<float*>(memory);  // [heads + kv_heads]
  const RowOfSequence at(a);
  const GpuSequence& s = a.sequences[at.sequence];
  if (at.row >= s.rows) return;
  const int64_t of = s.row0 + at.row, qk_width = static_cast<int64_t>(a.heads + a.kv_heads) * a.head_dim;
  const int half = a.head_dim / 2, thread = threadIdx.x, threads = blockDim.x;
  float* row = gradient_rows(a, d, s, at.row);
  const Raw* raw = static_cast<const Raw*>(n.raw) + of * qk_width;
  Bf16* rounded_row = narrow ? narrow + of * a.width : nullptr;

  struct Terms {
    float x[Each], y[Each], raw_x[Each], raw_y[Each];  // gradients times weights; what was normed
  };
  auto load_terms = [&](const Pair<Each>& pair) {
    Terms t;
    load_turned_back(t.x, t.y, row, pair, a, n, s.position0 + at.row);
    if (n.norm == QkNorm::none) return t;
    float of_x[Each], of_y[Each];
    load_each(of_x, pair.weights(a, n));
    load_each(of_y, pair.weights(a, n) + half);
    load_each(t.raw_x, raw + pair.at(a));
    load_each(t.raw_y, raw + pair.at(a) + half);
#pragma unroll
    for (int i = 0; i < Each; ++i) {
      t.x[i] *= of_x[i] + n.offset;
      t.y[i] *= of_y[i] + n.offset;
    }
    return t;
  };
  if (n.norm != QkNorm::none)
    sums_of_norms<Each>(sums, shared, a, n, [&](const Pair<Each>& pair) {
      const Terms t = load_terms(pair);
      float sum = 0;
#pragma unroll
      for (int i = 0; i < Each; ++i) sum = fmaf(t.y[i], t.raw_y[i], fmaf(t.x[i], t.raw_x[i], sum));
      return sum;
    });

  auto store_gradient = [&](int64_t column, const float(&x)[Each]) {
    if (keep) store_each(row + column, x);
    if (rounded_row) store_each(rounded_row + column, x);
  };
  for (int i = thread; i < Pair<Each>::count(a); i += threads) {
    const Pair<Each> pair(a, i);
    Terms t = load_terms(pair);
    if (n.norm != QkNorm::none) {
      const float rstd = rstd_of(a, n, of, pair.head);
      const float mean = sums[pair.head] * rstd / norm_width(a, n, pair.head);
#pragma unroll
      for (int k = 0; k < Each; ++k) {
        t.x[k] = rstd * (t.x[k] - t.raw_x[k] * rstd * mean);
        t.y[k] = rstd * (t.y[k] - t.raw_y[k] * rstd * mean);
      }
    }
    store_gradient(pair.at(a), t.x);
    store_gradient(pair.at(a) + half, t.y);
  }
  if (!rounded_row) return;  // values' gradients are what they are
  for (int64_t i = qk_width + thread * Each; i < a.width; i += threads * Each) {
    float x[Each];
    load_each(x, row + i);
    store_each(rounded_row + i, x);
  }
}

// partial[column] += sum over the sequence's rows of term(row, column), a lane a column: warp w takes rows w, w +
// warps,
// ...; their sums are added in that order.
template <class Term>
__device__ inline void add_columns(float* partial, int rows, int columns, int first_column, const Term& term) {
  __shared__ float of_warps[kQkvThreads];
  const int warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp, column = first_column + lane;
  float sum = 0;
  if (column < columns)
    for (int row = warp; row < rows; row += kQkvThreads / kWarp) sum += term(row, column);
  of_warps[threadIdx.x] = sum;
  __syncthreads();
  if (warp > 0 || column >= columns) return;
  for (int i = 1; i < kQkvThreads / kWarp; ++i) sum += of_warps[i * kWarp + lane];
  partial[column] += sum;
}
GLOSSA_HD inline int column_blocks(int64_t columns) {
  return static_cast<int>((columns + kWarp - 1) / kWarp);
}

// The gradient of the queries' or the keys' norm; before product_gradients.
template <class Raw>
__global__ void __launch_bounds__(kQkvThreads)
    add_norm_gradients(GpuAttention a, GpuAttentionGradient d, GpuQkv n, int64_t place, int queries, int columns) {
  const int64_t sequence = blockIdx.x / column_blocks(columns);
  const GpuSequence& s = a.sequences[sequence];
  const int half = a.head_dim / 2, from = queries ? 0 : a.heads;
  // Heads whose columns share a weight.
  const int together = n.norm == QkNorm::whole ? 1 : queries ? a.heads : a.kv_heads;
  const int64_t qk_width = static_cast<int64_t>(a.heads + a.kv_heads) * a.head_dim;
  add_columns(d.gradients[sequence].partial + place, static_cast<int>(s.rows), columns,
              static_cast<int>(blockIdx.x % column_blocks(columns)) * kWarp, [&](int row, int column) {
                const int within = column % a.head_dim;
                float sum = 0;
                for (int h = 0; h < together; ++h) {
                  const int head = from + column / a.head_dim + h;
                  const Pair<1> pair(a, head * half + within % half);
                  float x[1], y[1];
                  load_turned_back(x, y, gradient_rows(a, d, s, row), pair, a, n, s.position0 + row);
                  const int64_t of = s.row0 + row;
                  const float raw =
                      to_float(static_cast<const Raw*>(n.raw)[of * qk_width + head * a.head_dim + within]);
                  sum = fmaf(within < half ? x[0] : y[0], raw * rstd_of(a, n, of, head), sum);
                }
                return sum;
              });
}

__global__ void __launch_bounds__(kQkvThreads)
    add_bias_gradients(GpuAttention a, GpuAttentionGradient d, int64_t place) {
  const int columns = static_cast<int>(a.width);
  const int64_t sequence = blockIdx.x / column_blocks(columns);
  const GpuSequence& s = a.sequences[sequence];
  add_columns(d.gradients[sequence].partial + place, static_cast<int>(s.rows), columns,
              static_cast<int>(blockIdx.x % column_blocks(columns)) * kWarp,
              [&](int row, int column) { return gradient_rows(a, d, s, row)[column]; });
}

}  // namespace

void qkv_backward(Stream& stream, const AttentionLayer& layer, const AttentionGradient& gradient, const GpuAttention& a,
                  const GpuAttentionGradient& d, bool any_readers) {
  const QkvShape& shape = layer.shape;
  const GpuQkv n = gpu_qkv(layer);
  const bool rounded = static_cast<bool>(gradient.d_qkv32);
  if (any_readers || gradient.keys_only)
    launch(stream, "add_readers", add_readers, qkv_blocks(a), kQkvThreads, 0, a, d, gradient.keys_only);
  with_type(layer.qkv.type, [&](auto raw) {
    using Raw = decltype(raw);
    auto norm = [&](int64_t place, bool queries, int64_t width) {
      if (place < 0 || n.norm == QkNorm::none) return;
      const int64_t columns = n.norm == QkNorm::per_head ? shape.head_dim : width;
      launch(stream, "add_norm_gradients", add_norm_gradients<Raw>,
             static_cast<unsigned>(a.count * column_blocks(columns)), kQkvThreads, 0, a, d, n, place, queries, columns);
    };
    norm(gradient.q_norm, true, shape.q_width());
    norm(gradient.k_norm, false, shape.kv_width());
    with_each(a.head_dim, [&](auto each) {
      launch(stream, "product_gradients", product_gradients<decltype(each)::value, Raw>, qkv_blocks(a), kQkvThreads,
             (shape.heads + shape.kv_heads) * 4, a, d, n, rounded ? gradient.d_qkv.data.as<Bf16>() : nullptr,
             !rounded || gradient.qkv_bias >= 0);
    });
  });
  if (gradient.qkv_bias >= 0)
    launch(stream, "add_bias_gradients", add_bias_gradients,
           static_cast<unsigned>(a.count * column_blocks(shape.width())), kQkvThreads, 0, a, d, gradient.qkv_bias);
}

}  // namespace glossa
