// What a step does to the flat vectors, on a GPU: the sum of squares and AdamW, each one launch over all stretches.
#include <algorithm>
#include <cmath>

#include "device/cuda/cuda_ops.h"

namespace glossa {
namespace {

// Whether four floats from here on can be taken at once.
__device__ inline bool in_fours(const float* p) {
  return reinterpret_cast<uintptr_t>(p) % 16 == 0;
}

__device__ inline double warp_sum(double x) {
  for (int offset = kWarp / 2; offset > 0; offset /= 2) x += __shfl_xor_sync(0xffffffffu, x, offset);
  return x;
}

// A block a stretch. Each thread adds up every 512th four of it, lane by lane, then its lanes; then the warps' tree.
constexpr int kSumThreads = 512;
__global__ void __launch_bounds__(kSumThreads) sums_of_squares(const float* x, const Stretch* stretches, double* sums) {
  __shared__ double of_warps[kSumThreads / kWarp];
  const float* from = x + stretches[blockIdx.x].offset;
  const int size = static_cast<int>(stretches[blockIdx.x].size);
  double lanes[kPack] = {};
  auto add = [&](const float(&v)[kPack]) {
#pragma unroll
    for (int k = 0; k < kPack; ++k) {
      const double d = v[k];
      lanes[k] += d * d;  // exact but for the sum
    }
  };
  const int whole = in_fours(from) ? size / kPack * kPack : 0;
  int i = static_cast<int>(threadIdx.x) * kPack;
#pragma unroll 4
  for (; i < whole; i += kSumThreads * kPack) {
    float v[kPack];
    load_pack(v, from + i);
    add(v);
  }
  for (; i < size; i += kSumThreads * kPack) {
    float v[kPack];
#pragma unroll
    for (int k = 0; k < kPack; ++k) v[k] = i + k < size ? from[i + k] : 0.0f;
    add(v);
  }
  const double sum = warp_sum((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]));
  const int warp = threadIdx.x / kWarp, lane = threadIdx.x % kWarp;
  if (lane == 0) of_warps[warp] = sum;
  __syncthreads();
  const double total = warp_sum(lane < kSumThreads / kWarp ? of_warps[lane] : 0.0);
  if (threadIdx.x == 0) sums[blockIdx.x] = total;
}

// The numbers that the formula needs, made once and in double.
struct Factors {
  double learning_rate;
  float beta2, mix1, mix2, rate, correction2, epsilon, clip;
  explicit Factors(const AdamWStep& s)
      : learning_rate(static_cast<double>(s.learning_rate)),
        beta2(s.beta2),
        mix1(static_cast<float>(1.0 - static_cast<double>(s.beta1))),
        mix2(static_cast<float>(1.0 - static_cast<double>(s.beta2))),
        rate(static_cast<float>(learning_rate / static_cast<double>(s.bias_correction1))),
        correction2(static_cast<float>(std::sqrt(static_cast<double>(s.bias_correction2)))),
        epsilon(s.epsilon),
        clip(s.clip) {}
};
__device__ inline void update(float& w, float& m, float& v, float gradient, float decay, const Factors& f) {
  const float g = gradient * f.clip;
  m = m + f.mix1 * (g - m);
  v = v * f.beta2 + f.mix2 * g * g;
  w = w * decay - f.rate * m / (sqrtf(v) / f.correction2 + f.epsilon);
}

// A stretch in pieces of 4,096, a block each, `pieces` of them at most.
constexpr int kStepThreads = 256, kPiece = 4096;
__global__ void __launch_bounds__(kStepThreads)
    adamw_stretches(float* weights, float* means, float* squares, const float* gradients, const Stretch* stretches,
                    unsigned pieces, Factors f) {
  const Stretch s = stretches[blockIdx.x / pieces];
  const int from = static_cast<int>(blockIdx.x % pieces) * kPiece,
            end = static_cast<int>(min(s.size, int64_t{from + kPiece}));
  if (from >= end) return;
  float *w = weights + s.masters, *m = means + s.offset, *v = squares + s.offset;
  const float* g = gradients + s.offset;
  const auto decay = static_cast<float>(1.0 - f.learning_rate * static_cast<double>(s.weight_decay));
  const int whole = in_fours(w) && in_fours(m) && in_fours(v) && in_fours(g) ? end / kPack * kPack : from;
  int i = from + static_cast<int>(threadIdx.x) * kPack;
  for (; i < whole; i += kStepThreads * kPack) {
    float a[kPack], b[kPack], c[kPack], d[kPack];
    load_pack(a, w + i);
    load_pack(b, m + i);
    load_pack(c, v + i);
    load_pack(d, g + i);
#pragma unroll
    for (int k = 0; k < kPack; ++k) update(a[k], b[k], c[k], d[k], decay, f);
    store_pack(w + i, a);
    store_pack(m + i, b);
    store_pack(v + i, c);
  }
  for (; i < end; i += kStepThreads * kPack)
    for (int k = i; k < min(i + kPack, end); ++k) update(w[k], m[k], v[k], g[k], decay, f);
}

}  // namespace

void CudaOps::sum_squares(Values x, const std::vector<Stretch>& stretches, double* sums) {
  if (stretches.empty()) return;
  const auto n = static_cast<int64_t>(stretches.size());
  const Stretch* table = staging_.put(stretches);
  double* results = staging_.room<double>(n);
  launch(stream_, "sums_of_squares", sums_of_squares, static_cast<unsigned>(n), kSumThreads, 0, x.data.as<float>(),
         table, results);
  staging_.take(sums, results, n);
}

void CudaOps::adamw(Values w, Values m, Values v, Values gradient, const std::vector<Stretch>& stretches,
                    const AdamWStep& step) {
  int64_t longest = 0;
  for (const Stretch& s : stretches) longest = std::max(longest, s.size);
  if (longest == 0) return;
  const auto pieces = static_cast<unsigned>((longest + kPiece - 1) / kPiece);
  launch(stream_, "adamw_stretches", adamw_stretches, static_cast<unsigned>(stretches.size()) * pieces, kStepThreads, 0,
         w.data.as<float>(), m.data.as<float>(), v.data.as<float>(), gradient.data.as<float>(), staging_.put(stretches),
         pieces, Factors(step));
}

}  // namespace glossa
