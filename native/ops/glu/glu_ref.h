// Gated linear units in float64: the specification that every kernel is tested against.
#pragma once
#include <cstdint>

#include "ops/glu/glu.h"

namespace glossa::ref {

// h [rows][f] from gate_up [rows][2f].
void glu_forward(double* h, const double* gate_up, Activation activation, int64_t rows, int64_t f);
// dgate_up [rows][2f] is overwritten.
void glu_backward(double* dgate_up, const double* dh, const double* gate_up, Activation activation, int64_t rows,
                  int64_t f);

}  // namespace glossa::ref
