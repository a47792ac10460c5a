#include "ops/linear/blocking.h"
#include "ops/linear/linear_kernels.h"

namespace glossa {

int64_t packed_bytes(Dtype t, int64_t n, int64_t k) {
  const int64_t panels = (n + kPanel - 1) / kPanel;
  return panels * kPanel * (t == Dtype::f32 ? k * 4 : (k + 1) / 2 * 4);
}

void unpack_row(Dtype t, const void* packed, int64_t k, int64_t n, int64_t from, int64_t to, float* out) {
  const int64_t panel = n / kPanel, column = n % kPanel;
  if (t == Dtype::f32) {
    const float* row = static_cast<const float*>(packed) + panel * k * kPanel + column;
    for (int64_t i = from; i < to; ++i) out[i - from] = row[i * kPanel];
  } else {
    const uint16_t* row = static_cast<const uint16_t*>(packed) + panel * (k + k % 2) * kPanel + column * 2;
    for (int64_t i = from; i < to; ++i) out[i - from] = from_bf16(row[i / 2 * kPanel * 2 + i % 2]);
  }
}

int64_t outer_scratch_bytes(Dtype, int64_t, int64_t k) {
  const int64_t panels = (k + kPanel - 1) / kPanel;
  return kOuterSteps * 4 * (panels * kPanel + kOuterTiles * kWidestLane);
}

}  // namespace glossa
