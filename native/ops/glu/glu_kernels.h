// What the kernels of an instruction set compute: see glu.h.
#pragma once
#include <cstdint>

#include "base/dtype.h"
#include "ops/glu/glu.h"

namespace glossa {

struct GluKernels {
  // h [rows][f] of type t from gate_up [rows][2f].
  void (*forward)(void* h, Dtype t, const float* gate_up, Activation activation, int64_t rows, int64_t f);
  // dgate_up [rows][2f] of type t from dh [rows][f] (float32). dgate_up may start where gate_up starts (in place):
  // rows are taken in ascending order and row r of the result, which has at most the size of its input, is written
  // where all has been read.
  void (*backward)(void* dgate_up, Dtype t, const float* dh, const float* gate_up, Activation activation, int64_t rows,
                   int64_t f);
};

}  // namespace glossa
