// The safetensors files of a Hugging Face folder: model.safetensors, or the shards that model.safetensors.index.json
// names.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "io/safetensors.h"

namespace glossa {

inline constexpr char kSingleFile[] = "model.safetensors";
inline constexpr char kIndexFile[] = "model.safetensors.index.json";

// (tensor, shard) pairs of an index's weight_map, in its order. A shard is the plain name of a file in the index's own
// folder that ends in .safetensors: anything with a path in it is refused. `where` names the file in messages. Code
// CHECKPOINT_CORRUPT.
Result<std::vector<std::pair<std::string, std::string>>> parse_weight_index(const std::string& text,
                                                                            const std::string& where);

class WeightFiles {
 public:
  struct Entry {
    const SafetensorsFile* file;
    const StoredTensor* tensor;
  };
  // model.safetensors where it is there, else all shards that the index names, whichever tensors it names for them: the
  // way of Transformers. CHECKPOINT_MISSING: no weights, or a shard is not there. CHECKPOINT_MISMATCH: a tensor lies in
  // two shards. Those of SafetensorsFile::open and parse_weight_index.
  static Result<WeightFiles> open(const std::string& dir);

  const std::vector<Entry>& entries() const { return entries_; }
  // The file to name where a tensor is in none: the shard that the index names for it, the index, or model.safetensors.
  std::string place_of(const std::string& name) const;

 private:
  Status add(const std::string& path);
  std::string path_;
  std::vector<std::unique_ptr<SafetensorsFile>> files_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, size_t> places_;       // of names among the entries
  std::unordered_map<std::string, std::string> listed_;  // by the index
};

}  // namespace glossa
