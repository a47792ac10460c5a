// simd.h seen from outside, one table for each instruction set, for its tests.
#pragma once
#include <cstdint>

namespace glossa {

struct SimdProbe {
  void (*exp)(float* y, const float* x, int64_t n);  // n: a multiple of 16
  void (*exp_nonpositive)(float* y, const float* x, int64_t n);
  void (*to_bf16)(uint16_t* y, const float* x, int64_t n);
  void (*from_bf16)(float* y, const uint16_t* x, int64_t n);
  void (*fma)(float* y, const float* a, const float* b, const float* c, int64_t n);
  float (*reduce_sum)(const float* x);  // of 16
  float (*reduce_max)(const float* x);
  void (*transpose)(float* y, const float* x);                   // [16][16]
  void (*swap_halves)(float* y, const float* x);                 // of 16
  void (*copy)(float* y, const float* x, int lanes);             // load_some, store_some
  void (*copy_bf16)(uint16_t* y, const uint16_t* x, int lanes);  // the same
};

}  // namespace glossa
