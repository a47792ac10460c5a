#include "engine/save_weights.h"

#include <dirent.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>
#include <system_error>
#include <unordered_set>

#include "engine/adapter_files.h"
#include "io/atomic_file.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/weight_files.h"

namespace glossa {
namespace {

const char* stored_type(Dtype t) {
  return t == Dtype::f32 ? "F32" : t == Dtype::bf16 ? "BF16" : "F16";
}

using Shard = std::vector<TensorToWrite>;

// In the order of the tensors, each shard filled as far as it goes: the way of huggingface_hub.
std::vector<Shard> shards_of(const Model& m, const float* masters, Dtype on_disk, int64_t shard_bytes) {
  std::vector<Shard> shards;
  int64_t used = 0;
  for (const TensorSpec& t : m.tensors) {
    TensorToWrite tensor{t.name, stored_type(on_disk), t.shape, masters + t.offset, true};
    const int64_t bytes = stored_bytes(tensor);
    if (shards.empty() || used + bytes > shard_bytes) {
      shards.emplace_back();
      used = 0;
    }
    used += bytes;
    shards.back().push_back(std::move(tensor));
  }
  return shards;
}

std::string shard_name(size_t index, size_t count) {
  if (count == 1) return kSingleFile;
  char name[64];
  std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", index + 1, count);
  return name;
}

std::string index_json(const std::vector<Shard>& shards) {
  int64_t bytes = 0, parameters = 0;
  std::map<std::string, std::string> places;
  for (size_t i = 0; i < shards.size(); ++i)
    for (const TensorToWrite& t : shards[i]) {
      bytes += stored_bytes(t);
      parameters += stored_bytes(t) / safetensors_element_bytes(t.dtype);
      places[t.name] = shard_name(i, shards.size());
    }
  std::string out = "{\n  \"metadata\": {\n    \"total_parameters\": " + std::to_string(parameters) +
                    ",\n    \"total_size\": " + std::to_string(bytes) + "\n  },\n  \"weight_map\": {";
  const char* separator = "\n";
  for (const auto& [tensor, shard] : places) {
    out += separator + ("    " + json_quote(tensor) + ": " + json_quote(shard));
    separator = ",\n";
  }
  return out + "\n  }\n}\n";
}

bool is_weights(const std::string& name) {
  size_t number = 0, count = 0;
  return name == kSingleFile || name == kIndexFile ||
         (std::sscanf(name.c_str(), "model-%5zu-of-%5zu", &number, &count) == 2 && count > 1 &&
          name == shard_name(number - 1, count));
}

// Not by std::filesystem, whose iterator ends the process where it gets no memory for a name.
Result<std::vector<std::string>> names_in(const std::string& dir) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(dir.c_str()), ::closedir);
  auto failure = [&] {
    return Status("IO_ERROR", dir + ": cannot be listed: " + std::generic_category().message(errno));
  };
  if (!open) return failure();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(open.get())) names.emplace_back(entry->d_name);
  if (errno != 0) return failure();
  return names;
}

// What an earlier save left: readers would take a model.safetensors before the index, and count stray shards.
Status remove_others(const std::string& dir, const WrittenFiles& written) {
  std::unordered_set<std::string> kept;
  for (const WrittenFile& file : written) kept.insert(file.name);
  Result<std::vector<std::string>> names = names_in(dir);
  if (!names.ok()) return names.status();
  for (const std::string& name : names.value()) {
    if (kept.count(name) || !is_weights(name)) continue;
    const std::string path = dir + "/" + name;
    if (::unlink(path.c_str()) != 0)
      return Status("IO_ERROR", path + ": cannot remove the old weights: " + std::generic_category().message(errno));
  }
  return {};
}

}  // namespace

namespace {

Result<WrittenFiles> save(const Model& m, const float* masters, const std::string& dir, Dtype on_disk,
                          int64_t shard_bytes) {
  const std::vector<Shard> shards = shards_of(m, masters, on_disk, shard_bytes);
  WrittenFiles written;
  for (size_t i = 0; i < shards.size(); ++i) {
    WrittenFile& file = written.emplace_back(WrittenFile{shard_name(i, shards.size()), ""});
    if (Status s = write_safetensors(dir + "/" + file.name, shards[i], {}, &file.sha256); !s.ok()) return s;
  }
  auto write_text = [&](const char* name, const std::string& text) {
    WrittenFile& file = written.emplace_back(WrittenFile{name, ""});
    return write_file_atomic(dir + "/" + name, text.data(), static_cast<int64_t>(text.size()), &file.sha256);
  };
  if (shards.size() > 1)
    if (Status s = write_text(kIndexFile, index_json(shards)); !s.ok()) return s;
  if (Status s = write_text("config.json", model_config_json(m.config, on_disk)); !s.ok()) return s;
  if (Status s = remove_others(dir, written); !s.ok()) return s;
  return written;
}

}  // namespace

Result<WrittenFiles> save_weights(const EngineState& e, const std::string& dir, Dtype on_disk, int64_t shard_bytes) {
  if (e.model.adapters) {
    const Result<std::vector<float>> merged = merged_weights(e);
    if (!merged.ok()) return merged.status();
    return save(e.model, merged.value().data(), dir, on_disk, shard_bytes);
  }
  WrittenFiles written;
  Status status = e.device->read({e.master.data()}, e.model.parameters, [&](const float* masters) {
    Result<WrittenFiles> files = save(e.model, masters, dir, on_disk, shard_bytes);
    if (!files.ok()) return files.status();
    written = files.take();
    return Status();
  });
  if (!status.ok()) return status;
  return written;
}

}  // namespace glossa
