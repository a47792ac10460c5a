#include "io/weight_files.h"

#include <unistd.h>

#include <unordered_set>

#include "io/json.h"
#include "io/read_file.h"

namespace glossa {
namespace {

// A plain name in the same folder: no separator, so nothing outside it can be reached.
bool plain_shard_name(const std::string& name) {
  constexpr std::string_view kEnding = ".safetensors";
  return name.size() > kEnding.size() && name.compare(name.size() - kEnding.size(), kEnding.size(), kEnding) == 0 &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

Status no_weights(const std::string& dir) {
  std::string message = dir + ": holds neither " + kSingleFile + " nor " + kIndexFile;
  for (const char* pickled : {"pytorch_model.bin", "pytorch_model.bin.index.json"})
    if (exists(dir + "/" + pickled))
      message += std::string("; ") + pickled +
                 " is not read, because a pickle can run code: save the model with safe_serialization=True";
  return Status("CHECKPOINT_MISSING", message);
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> parse_weight_index(const std::string& text,
                                                                            const std::string& where) {
  auto corrupt = [&where](const std::string& what) { return Status("CHECKPOINT_CORRUPT", where + ": " + what); };
  Result<Json> json = Json::parse(text, where);
  if (!json.ok()) return Status("CHECKPOINT_CORRUPT", json.status().message());
  const Json* map = json.value().find("weight_map");
  if (!map || map->kind != Json::Kind::object) return corrupt("there is no weight_map");
  if (map->object.empty()) return corrupt("weight_map names no tensor");
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [tensor, shard] : map->object) {
    if (shard.kind != Json::Kind::string)
      return corrupt("weight_map: tensor " + json_quote(tensor) + " has no file name");
    if (!plain_shard_name(shard.string))
      return corrupt("weight_map: tensor " + json_quote(tensor) + " lies in " + json_quote(shard.string) +
                     "; expected the name of a .safetensors file in the same folder");
    out.emplace_back(tensor, shard.string);
  }
  return out;
}

Status WeightFiles::add(const std::string& path) {
  Result<std::unique_ptr<SafetensorsFile>> file = SafetensorsFile::open(path);
  if (!file.ok()) return file.status();
  files_.push_back(file.take());
  for (const StoredTensor& t : files_.back()->tensors()) {
    const auto [place, added] = places_.emplace(t.name, entries_.size());
    if (!added)
      return Status("CHECKPOINT_MISMATCH", path + ": tensor " + json_quote(t.name) + " is also in " +
                                               entries_[place->second].file->path() + "; keep one of the two");
    entries_.push_back({files_.back().get(), &t});
  }
  return {};
}

Result<WeightFiles> WeightFiles::open(const std::string& dir) {
  WeightFiles out;
  out.path_ = dir + "/" + kSingleFile;
  if (exists(out.path_)) {
    if (Status s = out.add(out.path_); !s.ok()) return s;
    return out;
  }
  out.path_ = dir + "/" + kIndexFile;
  if (!exists(out.path_)) return no_weights(dir);
  Result<std::string> text = read_text_file(out.path_);
  if (!text.ok()) return text.status();
  Result<std::vector<std::pair<std::string, std::string>>> index = parse_weight_index(text.value(), out.path_);
  if (!index.ok()) return index.status();

  std::unordered_set<std::string> opened;
  for (const auto& [tensor, shard] : index.value()) {
    if (!opened.insert(shard).second) continue;
    const std::string path = dir + "/" + shard;
    if (!exists(path))
      return Status("CHECKPOINT_MISSING", path + ": no such file; " + kIndexFile + " names it for tensor " +
                                              json_quote(tensor) + ". Copy or download the missing shard");
    if (Status s = out.add(path); !s.ok()) return s;
  }
  for (auto& [tensor, shard] : index.value()) out.listed_.emplace(tensor, dir + "/" + shard);
  return out;
}

std::string WeightFiles::place_of(const std::string& name) const {
  const auto at = listed_.find(name);
  return at == listed_.end() ? path_ : at->second;
}

}  // namespace glossa
