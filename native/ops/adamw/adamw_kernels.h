// What the kernels of an instruction set compute: see adamw.h.
#pragma once
#include "ops/adamw/adamw.h"

namespace glossa {

struct AdamWKernels {
  void (*update)(float* w, float* m, float* v, const float* g, int64_t n, const AdamWStep& step);
};

}  // namespace glossa
