#include "ops/embedding/embedding_ref.h"

#include <stddef.h>

namespace glossa::ref {

std::vector<double> embedding(const std::vector<double>& table, const std::vector<int32_t>& ids, int64_t d) {
  std::vector<double> x;
  for (int32_t id : ids)
    for (int64_t c = 0; c < d; ++c) x.push_back(table[static_cast<size_t>(id * d + c)]);
  return x;
}

std::vector<double> embedding_gradient(const std::vector<double>& dx, const std::vector<int32_t>& ids, int64_t v,
                                       int64_t d) {
  std::vector<double> dtable(static_cast<size_t>(v * d));
  for (size_t r = 0; r < ids.size(); ++r)
    for (int64_t c = 0; c < d; ++c)
      dtable[static_cast<size_t>(ids[r] * d + c)] += dx[r * static_cast<size_t>(d) + static_cast<size_t>(c)];
  return dtable;
}

}  // namespace glossa::ref
