// SwiGLU in float64: the specification that every kernel is tested against.
#pragma once
#include <cstdint>

namespace glossa::ref {

// h [rows][f] from gate_up [rows][2f].
void swiglu_forward(double* h, const double* gate_up, int64_t rows, int64_t f);
// dgate_up [rows][2f] is overwritten.
void swiglu_backward(double* dgate_up, const double* dh, const double* gate_up, int64_t rows, int64_t f);

}  // namespace glossa::ref
