// Any bytes as a safetensors file: refused with a code, or every tensor lies within them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "io/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glossa;
  Result<std::unique_ptr<SafetensorsFile>> file = SafetensorsFile::view(data, size, "fuzz.safetensors");
  if (!file.ok()) {
    if (file.status().message().empty()) std::abort();
    return 0;
  }
  int64_t bytes = 0;
  for (const StoredTensor& t : file.value()->tensors()) {
    bytes += t.bytes;
    if (t.data < data || t.data + t.bytes > data + size) std::abort();
    if (file.value()->find(t.name) != &t) std::abort();
    std::vector<float> values(is_weight_type(t.dtype) ? static_cast<size_t>(t.elements()) : 0);
    if (to_float(t, values.data()).ok() != is_weight_type(t.dtype)) std::abort();
  }
  if (bytes > static_cast<int64_t>(size)) std::abort();
  return 0;
}
