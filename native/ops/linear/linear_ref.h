// The products of linear.h in float64, by definition: the specification the kernels are tested against.
#pragma once
#include <cstdint>

namespace glossa::ref {

// c [m][n] = (accumulate ? c : 0) + a [m][k] * w [n][k]^T + bias [n] (or null), all row-major and dense.
void linear(double* c, const double* a, const double* w, const double* bias, int64_t m, int64_t n, int64_t k,
            bool accumulate);
// c [n][k] += sum over tokens of a [tokens][n] * b [tokens][k].
void accumulate_outer(double* c, const double* a, const double* b, int64_t tokens, int64_t n, int64_t k);

}  // namespace glossa::ref
