#include "engine/stored_part.h"

#include <algorithm>

#include "engine/tensor_check.h"

namespace glossa {

bool StoredPart::has_any() const {
  return std::any_of(tensors_.begin(), tensors_.end(), [&](const TensorSpec& t) { return find(t); });
}

Status StoredPart::check() const {
  for (const TensorSpec& t : tensors_)
    if (Status s = check_stored(file_.path(), prefix_ + t.name, t.shape, find(t)); !s.ok()) return s;
  return {};
}

Status StoredPart::read(int64_t offset, int64_t count, float* out) const {
  return for_each_part(tensors_, offset, count, [&](int64_t first, int64_t n, int64_t within, size_t tensor) {
    const StoredTensor& t = *find(tensors_[tensor]);
    const int64_t size = t.bytes / t.elements();
    widen(t, within, n, out + first);
    file_.give_back(t.data + within * size, n * size);
    return check_finite(t, within, n, out + first);
  });
}

}  // namespace glossa
