// SwiGLU (Shazeer, arXiv 2002.05202): h = silu(gate) * up, on the fused gate|up projection.
#pragma once
#include <cstdint>

#include "base/dtype.h"

namespace glossa {

struct SwigluKernels {
  void (*forward)(void* h, Dtype t, const float* gate_up, int64_t rows, int64_t f);  // gate_up [rows][2f], h [rows][f]
  // dgate_up [rows][2f] of type t from dh [rows][f] (float32). dgate_up may start where gate_up starts (in place):
  // rows are taken in ascending order and row r of the result, which has at most the size of its input, is written
  // where all has been read.
  void (*backward)(void* dgate_up, Dtype t, const float* dh, const float* gate_up, int64_t rows, int64_t f);
};

}  // namespace glossa
