// The ceilings that figures are printed beside, measured where the program runs: multiply-adds held in registers and a
// plain read of memory.
#pragma once
#include <cstdint>

#include "base/dtype.h"

namespace glossa {

struct Kernels;

struct PeakKernels {
  // Independent chains of multiply-adds in registers, `rounds` times; returns the floating-point operations done.
  // bfloat16 is measured with the bfloat16 instruction where the instruction set has one, otherwise as float32.
  // `sink` receives a value so that the loop cannot be removed.
  double (*multiply_add)(Dtype t, int64_t rounds, float* sink);
  float (*read)(const float* x, int64_t n);  // sum of x, as fast as memory gives it
};

// Floating-point operations a second of `threads` threads together, best of several short runs: about 20 ms in all.
double measured_peak_flops(const Kernels& kernels, Dtype t, int threads);
// Bytes a second that `threads` threads together read from memory beyond the caches (64 MiB a thread): about 0.2 s.
double measured_read_bandwidth(const Kernels& kernels, int threads);

}  // namespace glossa
