// Softmax statistics, entropy and gradient of one row of logits, float32.
#include <math.h>

#include "base/simd.h"
#include "ops/head/head_kernels.h"

namespace glossa::GLOSSA_ISA {

// Sums are taken over blocks and the blocks' sums added, so that the rounding error of a row of 152k columns stays
// that of a few hundred additions a lane.
constexpr int64_t kBlock = 1024;

static vf tempered(const float* logits, int64_t i, int n, vf inv_temperature, vf fill) {
  vf x = load_some(logits + i, n) * inv_temperature;
  return n == kLanes ? x : select(lane_index() < n, x, fill);
}
static int lanes_left(int64_t i, int64_t v) {
  return v - i < kLanes ? static_cast<int>(v - i) : kLanes;
}

static float row_max(const float* logits, int64_t v, vf inv_temperature) {
  const vf none = splat(-__builtin_inff());
  vf m = none;
  for (int64_t i = 0; i < v; i += kLanes) m = max(m, tempered(logits, i, lanes_left(i, v), inv_temperature, none));
  float largest = reduce_max(m);
  // A row of -inf only: subtracting -inf would make NaN of every term before the sum can show that it is empty.
  return largest == -__builtin_inff() ? 0.0f : largest;
}

static void logp_row(const float* logits, int64_t v, float inv_temperature, int32_t target, float* logp, float* entropy,
                     float stats[2]) {
  const vf inv_t = splat(inv_temperature), none = splat(-__builtin_inff()), floor = splat(-100.0f);
  const float largest = row_max(logits, v, inv_t);
  vf sum = splat(0.0f), weighted = splat(0.0f);
  for (int64_t block = 0; block < v; block += kBlock) {
    const int64_t end = block + kBlock < v ? block + kBlock : v;
    vf s = splat(0.0f), w = splat(0.0f);
    for (int64_t i = block; i < end; i += kLanes) {
      // e^x is 0 long before the floor; it keeps 0 * -inf out of the entropy and lets NaN through.
      vf x = max(floor, tempered(logits, i, lanes_left(i, end), inv_t, none) - largest);
      vf e = exp_nonpositive(x);
      s += e;
      w = fma(e, x, w);
    }
    sum += s;
    weighted += w;
  }
  const float total = reduce_sum(sum);
  const double log_total = log(static_cast<double>(total));
  *logp = static_cast<float>(static_cast<double>(logits[target] * inv_temperature - largest) - log_total);
  // H = log(sum) - sum(p * (x - max)): both parts are >= 0, so nothing cancels.
  *entropy = static_cast<float>(log_total - static_cast<double>(reduce_sum(weighted)) / static_cast<double>(total));
  stats[0] = largest;
  stats[1] = total;
}

// Without a slope of the entropy (with_entropy false) its terms are left out, not multiplied by 0.
template <bool with_entropy, class T>
static void gradient(T* out, const float* logits, int64_t v, float inv_temperature, int32_t target, TokenSlope slope,
                     float entropy, const float stats[2]) {
  const vf inv_t = splat(inv_temperature), none = splat(-__builtin_inff()), floor = splat(-100.0f);
  const float at = slope.logp * inv_temperature;
  const vf scale = splat(-at / stats[1]), at_target = splat(at);
  // log p + H = (x - max) + (H - log(sum)).
  const vf entropy_scale = splat(-slope.entropy * inv_temperature / stats[1]),
           shift = splat(static_cast<float>(static_cast<double>(entropy) - log(static_cast<double>(stats[1]))));
  for (int64_t i = 0; i < v; i += kLanes) {
    const int n = lanes_left(i, v);
    const vf x = tempered(logits, i, n, inv_t, none) - stats[0];
    vf g = exp_nonpositive(x);
    if constexpr (with_entropy) {
      g = g * fma(max(floor, x) + shift, entropy_scale, scale);
    } else {
      g = g * scale;
    }
    if (target >= i && target < i + n)
      g = select(lane_index() == splat_int(static_cast<int32_t>(target - i)), g + at_target, g);
    store_some(out + i, g, n);
  }
}

template <class T>
static void gradient_of(T* out, const float* logits, int64_t v, float inv_temperature, int32_t target, TokenSlope slope,
                        float entropy, const float stats[2]) {
  if (slope.entropy == 0) {
    gradient<false>(out, logits, v, inv_temperature, target, slope, entropy, stats);
  } else {
    gradient<true>(out, logits, v, inv_temperature, target, slope, entropy, stats);
  }
}

static void gradient_row(void* dlogits, Dtype t, const float* logits, int64_t v, float inv_temperature, int32_t target,
                         TokenSlope slope, float entropy, const float stats[2]) {
  if (t == Dtype::f32) {
    gradient_of(static_cast<float*>(dlogits), logits, v, inv_temperature, target, slope, entropy, stats);
  } else {
    gradient_of(static_cast<uint16_t*>(dlogits), logits, v, inv_temperature, target, slope, entropy, stats);
  }
}

extern const HeadKernels head_kernels;
const HeadKernels head_kernels = {logp_row, gradient_row};

}  // namespace glossa::GLOSSA_ISA
