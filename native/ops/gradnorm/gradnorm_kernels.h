// What the kernels of an instruction set compute: see gradnorm.h.
#pragma once
#include "ops/gradnorm/gradnorm.h"

namespace glossa {

struct GradNormKernels {
  double (*sum_squares)(const float* g, int64_t n);  // n <= kNormChunk: 16 double lanes, fixed tree
};

}  // namespace glossa
