// Where weights come from when a model is filled: a checkpoint's files, random numbers, another model.
#pragma once
#include <cstdint>
#include <functional>

#include "base/status.h"
#include "device/device.h"
#include "model/model.h"

namespace glossa {

class WeightSource {
 public:
  virtual ~WeightSource() = default;
  // Elements [offset, offset + count) of a flat vector of tensors. Called from several threads at once.
  virtual Status read(int64_t offset, int64_t count, float* out) const = 0;
};

// Calls part(first, count, tensor's own first element, tensor) for each tensor's share of [offset, offset + count) of
// the flat vector that they fill, in order, until one fails.
Status for_each_part(const std::vector<TensorSpec>&, int64_t offset, int64_t count,
                     const std::function<Status(int64_t first, int64_t count, int64_t within, size_t tensor)>& part);

// The first `count` elements of a source. Fails with what the earliest part that failed says.
Status fill_flat(Device&, int64_t count, const WeightSource&, Values to);

// Runs tasks that may fail; the failure of the lowest task is the one that is told, whatever the number of threads.
Status run_fallible(Device&, int64_t tasks, const std::function<Status(int64_t task, int thread)>&);

}  // namespace glossa
