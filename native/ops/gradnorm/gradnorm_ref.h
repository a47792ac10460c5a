// The sum of squares as a specification: one long double chain.
#pragma once
#include <cstdint>

namespace glossa::ref {

double sum_squares(const float* g, int64_t n);

}  // namespace glossa::ref
