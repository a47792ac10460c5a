// The embedding as a specification: rows of the table; its gradient as float64 sums.
#pragma once
#include <cstdint>
#include <vector>

namespace glossa::ref {

std::vector<double> embedding(const std::vector<double>& table, const std::vector<int32_t>& ids, int64_t d);
// [v][d]: the sum of the rows of dx whose id is v.
std::vector<double> embedding_gradient(const std::vector<double>& dx, const std::vector<int32_t>& ids, int64_t v,
                                       int64_t d);

}  // namespace glossa::ref
