#include "engine/checkpoint.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "io/safetensors.h"

namespace glossa {
namespace {

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

Status mismatch(const std::string& path, const std::string& what) {
  return Status("CHECKPOINT_MISMATCH", path + ": " + what);
}

// Reads `prefix` + each tensor's name into the flat vector.
Status read_flat(const Model& m, const SafetensorsFile& file, const std::string& path, const std::string& prefix,
                 std::vector<float>* out) {
  std::vector<float> flat(static_cast<size_t>(m.parameters));
  for (const TensorSpec& t : m.tensors) {
    const StoredTensor* stored = file.find(prefix + t.name);
    if (!stored) return mismatch(path, "tensor " + prefix + t.name + " is missing");
    if (stored->shape != t.shape)
      return mismatch(path, "tensor " + prefix + t.name + " has shape " + shape_text(stored->shape) +
                                "; the configuration asks for " + shape_text(t.shape));
    if (Status s = to_float(*stored, flat.data() + t.offset); !s.ok()) return s;
  }
  *out = std::move(flat);
  return {};
}

bool expected(const Model& m, const std::string& name) {
  for (const TensorSpec& t : m.tensors)
    if (t.name == name) return true;
  // What older files carry beside the weights: a tied head written out, rotary tables.
  return (m.config.tied && name == "lm_head.weight") || name.find("rotary_emb.inv_freq") != std::string::npos;
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
  FILE* f = std::fopen(path.c_str(), "rb");
  if (!f) return Status("IO_ERROR", path + ": cannot be opened: " + std::strerror(errno));
  std::string text;
  char block[65536];
  for (size_t n; (n = std::fread(block, 1, sizeof block, f)) > 0;) text.append(block, n);
  const bool failed = std::ferror(f) != 0;
  std::fclose(f);
  if (failed) return Status("IO_ERROR", path + ": cannot be read");
  return text;
}

Status load_weights(const Model& m, const std::string& dir, std::vector<float>* master) {
  const std::string path = dir + "/model.safetensors";
  Result<std::unique_ptr<SafetensorsFile>> file = SafetensorsFile::open(path);
  if (!file.ok()) return file.status();
  for (const StoredTensor& t : file.value()->tensors())
    if (!expected(m, t.name))
      return mismatch(path, "tensor " + t.name + " is not part of the model that config.json describes");
  return read_flat(m, *file.value(), path, "", master);
}

Status save_weights(const EngineState& e, const std::string& dir, Dtype on_disk) {
  if (on_disk != Dtype::f32 && on_disk != Dtype::bf16)
    return Status("INVALID_ARGUMENT", "weights are written as float32 or bfloat16");
  std::vector<uint16_t> rounded;
  if (on_disk == Dtype::bf16) {
    rounded.reserve(e.master.size());
    for (float w : e.master) rounded.push_back(to_bf16(w));
  }
  std::vector<TensorToWrite> tensors;
  for (const TensorSpec& t : e.model.tensors) {
    const void* data = on_disk == Dtype::bf16 ? static_cast<const void*>(rounded.data() + t.offset)
                                              : static_cast<const void*>(e.master.data() + t.offset);
    tensors.push_back({t.name, on_disk == Dtype::bf16 ? "BF16" : "F32", t.shape, data});
  }
  const std::string config = model_config_json(e.model.config);
  if (Status s = write_safetensors(dir + "/model.safetensors", tensors, {}); !s.ok()) return s;
  return write_file_atomic(dir + "/config.json", config.data(), static_cast<int64_t>(config.size()));
}

Status save_state(const EngineState& e, const std::string& path) {
  const std::vector<float> zero(e.optimizer.m.empty() ? e.master.size() : 0);
  const float* m = e.optimizer.m.empty() ? zero.data() : e.optimizer.m.data();
  const float* v = e.optimizer.v.empty() ? zero.data() : e.optimizer.v.data();
  std::vector<TensorToWrite> tensors;
  for (const TensorSpec& t : e.model.tensors) {
    tensors.push_back({"master." + t.name, "F32", t.shape, e.master.data() + t.offset});
    tensors.push_back({"exp_avg." + t.name, "F32", t.shape, m + t.offset});
    tensors.push_back({"exp_avg_sq." + t.name, "F32", t.shape, v + t.offset});
  }
  return write_safetensors(path, tensors, {{"optimizer", "adamw"}, {"step", std::to_string(e.optimizer.step)}});
}

Status load_state(EngineState& e, const std::string& path) {
  Result<std::unique_ptr<SafetensorsFile>> opened = SafetensorsFile::open(path);
  if (!opened.ok()) return opened.status();
  const SafetensorsFile& file = *opened.value();
  int64_t step = -1;
  for (const auto& [key, value] : file.metadata())
    if (key == "step") {
      char* end = nullptr;
      errno = 0;
      const long long parsed = std::strtoll(value.c_str(), &end, 10);
      if (!value.empty() && *end == '\0' && errno == 0 && parsed >= 0) step = parsed;
    }
  if (step < 0) return mismatch(path, "the metadata hold no optimizer step; expected a state written by glossa");
  std::vector<float> master, m, v;
  if (Status s = read_flat(e.model, file, path, "master.", &master); !s.ok()) return s;
  if (Status s = read_flat(e.model, file, path, "exp_avg.", &m); !s.ok()) return s;
  if (Status s = read_flat(e.model, file, path, "exp_avg_sq.", &v); !s.ok()) return s;
  // In place: callers may hold the address of the parameters.
  std::copy(master.begin(), master.end(), e.master.begin());
  e.optimizer = {std::move(m), std::move(v), step};
  e.policy.repack(e.model, *e.pool);
  return {};
}

}  // namespace glossa
