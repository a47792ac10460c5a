// The safetensors format: 8-byte header length, JSON header, data. Sizes, offsets and shapes are checked before use.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/dtype.h"
#include "base/status.h"

namespace glossa {

struct StoredTensor {
  std::string name, dtype;  // the format's names: "F32", "BF16", "F16", "I32", "I64", "U8", ...
  std::vector<int64_t> shape;
  const uint8_t* data;  // little-endian, row-major, need not be aligned; owned by the file
  int64_t bytes;
  std::string file;  // path, for messages
  int64_t elements() const;
};

class SafetensorsFile {  // memory-mapped, read-only
 public:
  // CHECKPOINT_MISSING: no such file. CHECKPOINT_TRUNCATED: it ends before its header or its data do.
  // CHECKPOINT_CORRUPT: the header is not what the format allows, or does not cover the data exactly once.
  // IO_ERROR: the system's reason why it cannot be read.
  static Result<std::unique_ptr<SafetensorsFile>> open(const std::string& path);
  ~SafetensorsFile();
  const std::vector<StoredTensor>& tensors() const;
  const StoredTensor* find(const std::string& name) const;
  const std::vector<std::pair<std::string, std::string>>& metadata() const;

 private:
  SafetensorsFile();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Widens F32, BF16 or F16 to float32, out [elements()]; CHECKPOINT_CORRUPT (naming file and tensor) for other types.
Status to_float(const StoredTensor&, float* out);

struct TensorToWrite {
  std::string name, dtype;
  std::vector<int64_t> shape;
  const void* data;
};
// Written beside (`path`.tmp), fsynced, renamed; the directory is fsynced too. Disk full and read-only folders give
// IO_ERROR with the system's reason; the temporary file is removed and what stood at `path` before stays. The metadata
// always hold format = pt, without which Transformers does not open the file.
Status write_safetensors(const std::string& path, const std::vector<TensorToWrite>&,
                         const std::vector<std::pair<std::string, std::string>>& metadata);
Status write_file_atomic(const std::string& path, const void* data, int64_t bytes);

}  // namespace glossa
