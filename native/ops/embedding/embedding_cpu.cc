#include "base/simd.h"
#include "ops/embedding/embedding_kernels.h"

namespace glossa::GLOSSA_ISA {

static void forward(float* x, const float* table, const int32_t* ids, int64_t rows, int64_t d) {
  for (int64_t r = 0; r < rows; ++r) memcpy(x + r * d, table + ids[r] * d, static_cast<size_t>(d) * sizeof(float));
}

static void backward(float* dtable, const float* dx, const int32_t* ids, int64_t rows, int64_t d, int64_t col0,
                     int64_t col1, float multiplier) {
  const vf factor = splat(multiplier);
  for (int64_t r = 0; r < rows; ++r) {
    float* to = dtable + ids[r] * d;
    const float* from = dx + r * d;
    for (int64_t c = col0; c < col1; c += kLanes) {
      const int n = col1 - c < kLanes ? static_cast<int>(col1 - c) : kLanes;
      store_some(to + c, fma(load_some(from + c, n), factor, load_some(to + c, n)), n);
    }
  }
}

extern const EmbeddingKernels embedding_kernels;
const EmbeddingKernels embedding_kernels = {forward, backward};

}  // namespace glossa::GLOSSA_ISA
