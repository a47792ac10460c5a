// The head on a GPU: statistics of every row in one pass, the loss on the host, which alone knows it, and the gradient
// in a second pass, in the place of the logits.
#include <cmath>

#include "device/cuda/cuda_ops.h"
#include "ops/head/head_row.h"

namespace glossa {
namespace {

template <bool Packs>
__global__ __launch_bounds__(kRowWarps* kWarp, 2) void head_rows(const float* logits, int64_t stride, int v,
                                                                 float inv_temperature, const int32_t* targets,
                                                                 HeadRow* out) {
  __shared__ float shared[kWarp];
  const int32_t target = targets[blockIdx.x];
  if (target < 0) return;  // padding
  const float* row = logits + blockIdx.x * stride;
  Softmax softmax;
  for (int first = 0; first < v; first += columns_of_step()) {
    RowStep x;
    load_step<Packs>(x, row, first, v, -INFINITY);
    softmax.add(x, inv_temperature);
  }
  softmax.combine(shared);
  if (threadIdx.x == 0) out[blockIdx.x] = head_row(softmax, row[target] * inv_temperature);
}

// How the gradient of a row follows from its logits x, tempered: e^(x - max) * (scale + entropy_scale * (x - max +
// shift)), and at_target more at the target.
struct GradientRow {
  int32_t target;  // -1: padding
  float max, at_target, scale, entropy_scale, shift;
};
GradientRow gradient_row(const HeadRow& r, int32_t target, TokenSlope slope, float inv_temperature) {
  const float at = slope.logp * inv_temperature;
  // log p + H = (x - max) + (H - log(sum)).
  return {target,
          r.max,
          at,
          -at / r.sum,
          -slope.entropy * inv_temperature / r.sum,
          static_cast<float>(static_cast<double>(r.entropy) - std::log(static_cast<double>(r.sum)))};
}

template <bool Packs, class T>
__device__ void store_columns(T* row, const float (&x)[kPack], int column, int v) {
  if (Packs && column + kPack <= v) {
    store_pack(row + column, x);
  } else {
#pragma unroll
    for (int i = 0; i < kPack; ++i)
      if (column + i < v) row[column + i] = from_float<T>(x[i]);
  }
}

template <bool Packs, class T>
__global__ __launch_bounds__(kRowWarps* kWarp, 2) void head_gradient(T* gradient, int64_t gradient_stride,
                                                                     const float* logits, int64_t stride, int v,
                                                                     float inv_temperature, const GradientRow* rows) {
  const GradientRow r = rows[blockIdx.x];
  const float* row = logits + blockIdx.x * stride;
  T* out = gradient + blockIdx.x * gradient_stride;
  // Without a slope of the entropy its terms are left out, not multiplied by 0.
  const bool with_entropy = r.entropy_scale != 0;
  for (int first = 0; first < v; first += columns_of_step()) {
    RowStep g;
    if (r.target >= 0) load_step<Packs>(g, row, first, v, -INFINITY);
    // A narrower row overwrites logits of this step and of those before, by other threads than read them.
    __syncthreads();
#pragma unroll
    for (int p = 0; p < kRowPacks; ++p) {
      const int column = column_of(first, p);
#pragma unroll
      for (int i = 0; i < kPack; ++i) {
        const float d = g[p][i] * inv_temperature - r.max, e = expf(d);
        float x = e * (with_entropy ? fmaf(floored(d) + r.shift, r.entropy_scale, r.scale) : r.scale);
        if (column + i == r.target) x += r.at_target;
        g[p][i] = r.target < 0 ? 0 : x;
      }
      store_columns<Packs>(out, g[p], column, v);
    }
  }
}

// What the first pass knows of every row; nothing of padding.
std::vector<HeadRow> heads_of(Stream& stream, Staging& staging, const Rows& logits, float inv_temperature,
                              const int32_t* targets, int64_t rows) {
  std::vector<HeadRow> heads(static_cast<size_t>(rows));
  const float* data = logits.data.as<float>();
  const int32_t* on_device = staging.put(targets, rows);
  HeadRow* results = staging.room<HeadRow>(rows);
  launch(stream, "head_rows", rows_pack(data, logits.stride, 16) ? head_rows<true> : head_rows<false>,
         static_cast<unsigned>(rows), row_threads(logits.width), 0, data, logits.stride, logits.width, inv_temperature,
         on_device, results);
  staging.take(heads.data(), results, rows);
  return heads;
}

}  // namespace

void CudaOps::logps(const Rows& logits, float inv_temperature, const int32_t* targets, float* logps, float* entropies,
                    int64_t rows) {
  for (const HeadRow& head : heads_of(stream_, staging_, logits, inv_temperature, targets, rows)) {
    *logps++ = head.logp;
    *entropies++ = head.entropy;
  }
}

void CudaOps::token_losses(const Rows& d_logits, const Rows& logits, const TokenLosses& loss, int64_t rows) {
  if (rows == 0) return;
  const std::vector<HeadRow> heads = heads_of(stream_, staging_, logits, loss.inv_temperature, loss.targets, rows);
  std::vector<GradientRow> gradients(heads.size(), GradientRow{-1, 0, 0, 0, 0, 0});
  for (int64_t i = 0; i < rows; ++i) {
    if (loss.targets[i] < 0) continue;
    const HeadRow& head = heads[static_cast<size_t>(i)];
    TokenSlope slope;
    if (loss.slopes) {
      slope = loss.slopes[i];
    } else {
      TokenTerms terms = loss.terms[i];
      if (loss.on_policy) terms.old_logp = head.logp;
      loss.results[i] = token_loss(loss.settings, terms, head.logp, head.entropy, &slope);
      loss.results[i].top = head.top ? 1.0f : 0.0f;
    }
    gradients[static_cast<size_t>(i)] = gradient_row(head, loss.targets[i], slope, loss.inv_temperature);
  }
  const GradientRow* on_device = staging_.put(gradients);
  with_type(d_logits.type, [&](auto t) {
    using T = decltype(t);
    const float* data = logits.data.as<float>();
    T* to = d_logits.data.as<T>();
    const bool pack = rows_pack(data, logits.stride, 16) && rows_pack(to, d_logits.stride, kPack * sizeof(T));
    launch(stream_, "head_gradient", pack ? head_gradient<true, T> : head_gradient<false, T>,
           static_cast<unsigned>(rows), row_threads(logits.width), 0, to, d_logits.stride, data, logits.stride,
           logits.width, loss.inv_temperature, on_device);
  });
}

}  // namespace glossa
