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

class SafetensorsFile {
 public:
  // Maps the file, read-only.
  // CHECKPOINT_MISSING: no such file. CHECKPOINT_TRUNCATED: it ends before its header or its data do.
  // CHECKPOINT_CORRUPT: the header is not what the format allows, or does not cover the data exactly once.
  // IO_ERROR: the system's reason why it cannot be read.
  static Result<std::unique_ptr<SafetensorsFile>> open(const std::string& path);
  // The same over bytes that outlive this; `path` names them in messages.
  static Result<std::unique_ptr<SafetensorsFile>> view(const uint8_t* bytes, size_t size, const std::string& path);
  ~SafetensorsFile();
  const std::vector<StoredTensor>& tensors() const;
  const StoredTensor* find(const std::string& name) const;
  const std::vector<std::pair<std::string, std::string>>& metadata() const;
  const std::string& path() const;
  // Gives the pages of a part of a tensor's data back to the system, which reads them again where they are touched
  // again: the mapped pages of a file count as memory of the process. Any thread may call it at any time.
  void give_back(const uint8_t* data, int64_t bytes) const;

 private:
  SafetensorsFile();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

bool is_weight_type(const std::string& dtype);  // F32, BF16, F16
// Widens elements [first, first + count) of a tensor whose is_weight_type holds to float32.
void widen(const StoredTensor&, int64_t first, int64_t count, float* out);
// All of them, out [elements()]; CHECKPOINT_CORRUPT (naming file and tensor) for other types.
Status to_float(const StoredTensor&, float* out);

struct TensorToWrite {
  std::string name, dtype;
  std::vector<int64_t> shape;
  const void* data;
  bool from_float =
      false;  // data are float32, whatever dtype (F32, BF16, F16) is: rounded piece by piece while written
};
int64_t stored_bytes(const TensorToWrite&);  // 0 where the type is unknown
// Written beside (`path`.tmp), fsynced, renamed; the directory is fsynced too. Disk full and read-only folders give
// IO_ERROR with the system's reason; the temporary file is removed and what stood at `path` before stays. A finite
// value that dtype cannot hold gives CHECKPOINT_RANGE. The metadata always hold format = pt, without which Transformers
// does not open the file. *sha256, where there is one: the digest of the file, made while it is written.
Status write_safetensors(const std::string& path, const std::vector<TensorToWrite>&,
                         const std::vector<std::pair<std::string, std::string>>& metadata,
                         std::string* sha256 = nullptr);

// Bytes of one element; 0 for a name that the format does not know.
int64_t safetensors_element_bytes(const std::string& dtype);

}  // namespace glossa
