// Tensors of a safetensors file that fill a flat vector, by their names.
#pragma once
#include <string>
#include <vector>

#include "io/safetensors.h"
#include "model/weight_source.h"

namespace glossa {

// Those whose names are `prefix` and a tensor's own, in the order of `tensors`. Both outlive this.
class StoredPart : public WeightSource {
 public:
  StoredPart(const std::vector<TensorSpec>& tensors, const SafetensorsFile& file, std::string prefix)
      : tensors_(tensors), file_(file), prefix_(std::move(prefix)) {}

  bool has_any() const;
  // Codes of check_stored (engine/tensor_check.h).
  Status check() const;
  Status read(int64_t offset, int64_t count, float* out) const override;

 private:
  const StoredTensor* find(const TensorSpec& t) const { return file_.find(prefix_ + t.name); }

  const std::vector<TensorSpec>& tensors_;
  const SafetensorsFile& file_;
  const std::string prefix_;
};

}  // namespace glossa
