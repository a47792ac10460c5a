// RMSNorm, one row at a time. A row's sums run in four interleaved sets of 16 lanes, added as (0+1)+(2+3), then the
// fixed tree: they depend on d alone.
#include "base/simd.h"
#include "ops/rmsnorm/rmsnorm_kernels.h"

namespace glossa::GLOSSA_ISA {
namespace {

// Calls step(column, lanes, set) for every group of at most 16 columns.
template <class Step>
inline void sweep(int64_t d, Step step) {
  int64_t j = 0;
  for (; j + 4 * kLanes <= d; j += 4 * kLanes) {
    step(j, kLanes, 0);
    step(j + kLanes, kLanes, 1);
    step(j + 2 * kLanes, kLanes, 2);
    step(j + 3 * kLanes, kLanes, 3);
  }
  for (; j + kLanes <= d; j += kLanes) step(j, kLanes, 0);
  if (j < d) step(j, static_cast<int>(d - j), 0);
}
inline float total(const vf sum[4]) {
  return reduce_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

inline float row_rstd(const float* x, float eps, int64_t d) {
  vf sum[4] = {splat(0), splat(0), splat(0), splat(0)};
  sweep(d, [&](int64_t j, int lanes, int set) {
    vf v = load_some(x + j, lanes);
    sum[set] = fma(v, v, sum[set]);
  });
  return 1.0f / __builtin_sqrtf(total(sum) / static_cast<float>(d) + eps);
}

inline vf weight(const NormOperand& norm, int64_t j, int lanes) {
  return load_some(norm.w + j, lanes) + norm.offset;
}

template <class T>
void forward_rows(T* y, float* rstd, const float* x, const NormOperand& norm, int64_t rows, int64_t d) {
  for (int64_t r = 0; r < rows; ++r, x += d, y += d) {
    rstd[r] = row_rstd(x, norm.eps, d);
    vf scale = splat(rstd[r] * norm.scale);
    sweep(d, [&](int64_t j, int lanes, int) {
      store_some(y + j, load_some(x + j, lanes) * scale * weight(norm, j, lanes), lanes);
    });
  }
}
void forward(void* y, Dtype t, float* rstd, const float* x, const NormOperand& norm, int64_t rows, int64_t d) {
  if (t == Dtype::f32) {
    forward_rows(static_cast<float*>(y), rstd, x, norm, rows, d);
  } else {
    forward_rows(static_cast<uint16_t*>(y), rstd, x, norm, rows, d);
  }
}

void forward_add(float* out, float* rstd, const float* residual, const float* x, const NormOperand& norm, int64_t rows,
                 int64_t d) {
  for (int64_t r = 0; r < rows; ++r, x += d, residual += d, out += d) {
    rstd[r] = row_rstd(x, norm.eps, d);
    vf scale = splat(rstd[r] * norm.scale);
    sweep(d, [&](int64_t j, int lanes, int) {
      store_some(out + j, load_some(residual + j, lanes) + load_some(x + j, lanes) * scale * weight(norm, j, lanes),
                 lanes);
    });
  }
}

// With n = x * rstd and g = dy * (offset + w): dx = scale * rstd * (g - n * mean(g * n)), dw += scale * dy * n.
void backward(float* dx, bool accumulate, float* dw, const float* dy, const float* x, const NormOperand& norm,
              const float* rstd, int64_t rows, int64_t d) {
  for (int64_t r = 0; r < rows; ++r, x += d, dy += d, dx += d) {
    vf sum[4] = {splat(0), splat(0), splat(0), splat(0)};
    sweep(d, [&](int64_t j, int lanes, int set) {
      sum[set] = fma(load_some(dy + j, lanes) * weight(norm, j, lanes), load_some(x + j, lanes), sum[set]);
    });
    const vf normed = splat(rstd[r]), mean = splat(total(sum) * rstd[r] / static_cast<float>(d));
    const vf scale = splat(rstd[r] * norm.scale), of_weight = splat(norm.scale);
    sweep(d, [&](int64_t j, int lanes, int) {
      vf g = load_some(dy + j, lanes), n = load_some(x + j, lanes) * normed;
      if (dw) store_some(dw + j, fma(g * of_weight, n, load_some(dw + j, lanes)), lanes);
      vf v = scale * (g * weight(norm, j, lanes) - n * mean);
      store_some(dx + j, accumulate ? load_some(dx + j, lanes) + v : v, lanes);
    });
  }
}

}  // namespace

extern const RmsNormKernels rmsnorm_kernels;
const RmsNormKernels rmsnorm_kernels = {forward, forward_add, backward};

}  // namespace glossa::GLOSSA_ISA
