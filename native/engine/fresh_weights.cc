#include "engine/fresh_weights.h"

#include <algorithm>
#include <cmath>

#include "base/philox.h"

namespace glossa {
namespace {

// Two normal draws from the counter of a pair of elements (Box & Muller 1958).
void normal_pair(uint64_t seed, int64_t pair, double out[2]) {
  constexpr uint32_t kInitialisation = 0x696e6974;
  const Philox4 r =
      philox4x32(seed, static_cast<uint32_t>(pair), static_cast<uint32_t>(pair >> 32), 0, kInitialisation);
  const double u = (r.v[0] + 0.5) / 4294967296.0, angle = 6.283185307179586 * ((r.v[1] + 0.5) / 4294967296.0);
  const double radius = std::sqrt(-2 * std::log(u));
  out[0] = radius * std::cos(angle);
  out[1] = radius * std::sin(angle);
}

bool is_bias(const TensorSpec& t) {
  return t.name.ends_with(".bias");
}

}  // namespace

Status FreshWeights::read(int64_t offset, int64_t count, float* out) const {
  const double deviation = static_cast<double>(model_.config.initializer_range);
  return for_each_part(model_.tensors, offset, count, [&](int64_t first, int64_t n, int64_t within, size_t tensor) {
    const TensorSpec& t = model_.tensors[tensor];
    float* to = out + first;
    if (t.shape.size() != 2) {
      std::fill_n(to, n, is_bias(t) ? 0.0f : 1.0f - model_.config.block.norm_offset);
      return Status();
    }
    const int64_t begin = t.offset + within, end = begin + n;
    for (int64_t pair = begin / 2; pair * 2 < end; ++pair) {
      double z[2];
      normal_pair(seed_, pair, z);
      for (int64_t at = std::max(pair * 2, begin); at < std::min(pair * 2 + 2, end); ++at)
        to[at - begin] = static_cast<float>(z[at % 2] * deviation);
    }
    return Status();
  });
}

}  // namespace glossa
