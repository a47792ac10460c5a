#include "ops/linear/blocking.h"
#include "ops/linear/linear_kernels.h"

namespace glossa {

int64_t packed_bytes(Dtype t, int64_t n, int64_t k) {
  const int64_t panels = (n + kPanel - 1) / kPanel;
  return panels * kPanel * (t == Dtype::f32 ? k * 4 : (k + 1) / 2 * 4);
}

int64_t outer_scratch_bytes(Dtype, int64_t, int64_t k) {
  const int64_t panels = (k + kPanel - 1) / kPanel;
  return kOuterSteps * 4 * (panels * kPanel + kOuterTiles * kWidestLane);
}

}  // namespace glossa
