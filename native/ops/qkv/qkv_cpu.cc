#include "base/simd.h"
#include "ops/qkv/qkv_kernels.h"

namespace glossa::GLOSSA_ISA {
namespace {

inline int lanes_at(int64_t j, int64_t n) {
  return static_cast<int>(n - j < kLanes ? n - j : kLanes);
}

// A norm over each `width` of [n * width] numbers in place, all with the same weights (n = 1: the whole vector).
inline void norm_groups(float* x, const float* w, float offset, float* rstd, float eps, int64_t n, int64_t width) {
  for (int64_t g = 0; g < n; ++g, x += width) {
    vf sum = splat(0);
    for (int64_t j = 0; j < width; j += kLanes) {
      vf v = load_some(x + j, lanes_at(j, width));
      sum = fma(v, v, sum);
    }
    rstd[g] = 1.0f / __builtin_sqrtf(reduce_sum(sum) / static_cast<float>(width) + eps);
    vf scale = splat(rstd[g]);
    for (int64_t j = 0; j < width; j += kLanes) {
      int lanes = lanes_at(j, width);
      store_some(x + j, load_some(x + j, lanes) * scale * (load_some(w + j, lanes) + offset), lanes);
    }
  }
}
// dy becomes dx; dw [width] is added to. x: before the norm. See rmsnorm_cpu.cc for the formula.
inline void norm_groups_backward(float* dy, float* dw, const float* x, const float* w, float offset, const float* rstd,
                                 int64_t n, int64_t width) {
  for (int64_t g = 0; g < n; ++g, x += width, dy += width) {
    vf sum = splat(0);
    for (int64_t j = 0; j < width; j += kLanes) {
      int lanes = lanes_at(j, width);
      sum = fma(load_some(dy + j, lanes) * (load_some(w + j, lanes) + offset), load_some(x + j, lanes), sum);
    }
    vf scale = splat(rstd[g]), mean = splat(reduce_sum(sum) * rstd[g] / static_cast<float>(width));
    for (int64_t j = 0; j < width; j += kLanes) {
      int lanes = lanes_at(j, width);
      vf v = load_some(dy + j, lanes), normed = load_some(x + j, lanes) * scale;
      if (dw) store_some(dw + j, fma(v, normed, load_some(dw + j, lanes)), lanes);
      store_some(dy + j, scale * (v * (load_some(w + j, lanes) + offset) - normed * mean), lanes);
    }
  }
}

// rotate() where one vector is a head: a store of half of it would keep the next head's load waiting.
inline void rotate_vectors(float* x, const float* rope, float direction, int64_t n) {
  const vi first = lane_index() < 8;
  const vf angles = load(rope), swapped = swap_halves(angles);
  const vf c = select(first, angles, swapped), s = select(first, -swapped, angles) * direction;
  for (int64_t h = 0; h < n; ++h, x += kLanes) {
    vf v = load(x);
    store(x, fma(v, c, swap_halves(v) * s));
  }
}
// Rotates pairs (i, i + head_dim/2) of n heads by the angles of one position, or back (direction -1).
inline void rotate(float* x, const float* rope, float direction, int64_t n, int64_t head_dim) {
  if (head_dim == kLanes) return rotate_vectors(x, rope, direction, n);
  const int64_t half = head_dim / 2;
  for (int64_t i = 0; i < half; i += kLanes) {
    int lanes = lanes_at(i, half);
    vf c = load_some(rope + i, lanes), s = load_some(rope + half + i, lanes) * direction;
    for (int64_t h = 0; h < n; ++h) {
      float* p = x + h * head_dim + i;
      vf a = load_some(p, lanes), b = load_some(p + half, lanes);
      store_some(p, fma(a, c, -(b * s)), lanes);
      store_some(p + half, fma(b, c, a * s), lanes);
    }
  }
}

inline void put(float* p, float x) {
  *p = x;
}
inline void put(uint16_t* p, float x) {
  *p = to_bf16(x);
}

template <class T>
inline void write_page(const KvPage& page, int64_t position, const float* k, const float* v, const QkvShape& shape) {
  T* keys = static_cast<T*>(page.k);
  T* values = static_cast<T*>(page.v);
  const int64_t width = shape.head_dim;
  for (int64_t h = 0; h < shape.kv_heads; ++h, k += width, v += width) {
    T* tile = keys + (h * page.positions + position / 16 * 16) * width + position % 16;
    for (int64_t j = 0; j < width; ++j) put(tile + j * 16, k[j]);
    T* row = values + (h * page.positions + position) * width;
    for (int64_t j = 0; j < width; j += kLanes) {
      int lanes = lanes_at(j, width);
      store_some(row + j, load_some(v + j, lanes), lanes);
    }
  }
}

void forward(float* qkv, const KvPages& own, Dtype t, int64_t own0, const float* rope, int64_t position0, int64_t rows,
             const QkvShape& shape, const float* q_norm, const float* k_norm, float* rstd_q, float* rstd_k,
             float* raw) {
  const int64_t q_width = shape.q_width(), kv_width = shape.kv_width();
  for (int64_t r = 0; r < rows; ++r, qkv += shape.width()) {
    float *q = qkv, *k = qkv + q_width, *v = k + kv_width;
    if (shape.qk_norm != QkNorm::none) {
      if (raw) memcpy(raw + r * (q_width + kv_width), qkv, static_cast<size_t>(q_width + kv_width) * sizeof(float));
      norm_groups(q, q_norm, shape.norm_offset, rstd_q + r * shape.rstd_q(), shape.eps, shape.rstd_q(),
                  q_width / shape.rstd_q());
      norm_groups(k, k_norm, shape.norm_offset, rstd_k + r * shape.rstd_k(), shape.eps, shape.rstd_k(),
                  kv_width / shape.rstd_k());
    }
    // q and k lie end to end and turn by the same angles
    if (rope) rotate(qkv, rope + (position0 + r) * shape.head_dim, 1, shape.heads + shape.kv_heads, shape.head_dim);
    const int64_t page = (own0 + r) / own.positions, position = (own0 + r) % own.positions;
    if (t == Dtype::f32) {
      write_page<float>(own.at(page), position, k, v, shape);
    } else {
      write_page<uint16_t>(own.at(page), position, k, v, shape);
    }
  }
}

void backward(float* dqkv, const float* dk_block, const float* dv_block, int64_t capacity, int64_t own0,
              const float* rope, int64_t position0, int64_t rows, const QkvShape& shape, const float* q_norm,
              const float* k_norm, const float* rstd_q, const float* rstd_k, const float* raw, float* dq_norm,
              float* dk_norm) {
  const int64_t q_width = shape.q_width(), kv_width = shape.kv_width(), width = shape.head_dim;
  for (int64_t r = 0; r < rows; ++r, dqkv += shape.width()) {
    float *dq = dqkv, *dk = dqkv + q_width, *dv = dk + kv_width;
    for (int64_t h = 0; h < shape.kv_heads; ++h) {
      const int64_t from = (h * capacity + own0 + r) * width;
      memcpy(dk + h * width, dk_block + from, static_cast<size_t>(width) * sizeof(float));
      memcpy(dv + h * width, dv_block + from, static_cast<size_t>(width) * sizeof(float));
    }
    if (rope) rotate(dqkv, rope + (position0 + r) * width, -1, shape.heads + shape.kv_heads, width);
    if (shape.qk_norm == QkNorm::none) continue;
    const float* x = raw + r * (q_width + kv_width);
    norm_groups_backward(dq, dq_norm, x, q_norm, shape.norm_offset, rstd_q + r * shape.rstd_q(), shape.rstd_q(),
                         q_width / shape.rstd_q());
    norm_groups_backward(dk, dk_norm, x + q_width, k_norm, shape.norm_offset, rstd_k + r * shape.rstd_k(),
                         shape.rstd_k(), kv_width / shape.rstd_k());
  }
}

}  // namespace

extern const QkvKernels qkv_kernels;
const QkvKernels qkv_kernels = {forward, backward};

}  // namespace glossa::GLOSSA_ISA
