#include "engine/train_state.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "engine/tensor_check.h"
#include "io/safetensors.h"

namespace glossa {
namespace {

struct Part {
  const char* prefix;
  float* values;  // flat layout
};

// The optimizer step that the metadata hold; -1 where they hold none.
int64_t stored_step(const SafetensorsFile& file) {
  for (const auto& [key, value] : file.metadata()) {
    if (key != "step") continue;
    char* end = nullptr;
    errno = 0;
    const long long parsed = std::strtoll(value.c_str(), &end, 10);
    if (!value.empty() && *end == '\0' && errno == 0 && parsed >= 0) return parsed;
  }
  return -1;
}

// Hands pieces of every tensor of a part, widened, to `use`.
template <class Use>
Status for_each_piece(EngineState& e, const SafetensorsFile& file, const char* prefix, const Use& use) {
  constexpr int64_t kPiece = 1 << 18;
  std::vector<std::vector<float>> scratch(static_cast<size_t>(e.threads()));
  for (std::vector<float>& s : scratch) s.resize(kPiece);
  for (const TensorSpec& t : e.model.tensors) {
    const StoredTensor& stored = *file.find(prefix + t.name);
    const int64_t n = element_count(t), size = stored.bytes / n;
    Status status = run_fallible(*e.pool, (n + kPiece - 1) / kPiece, [&](int64_t task, int worker) {
      const int64_t at = task * kPiece, count = std::min(kPiece, n - at);
      float* values = scratch[static_cast<size_t>(worker)].data();
      widen(stored, at, count, values);
      file.give_back(stored.data + at * size, count * size);
      return use(stored, t.offset, at, count, values);
    });
    if (!status.ok()) return status;
  }
  return {};
}

}  // namespace

Status save_state(const EngineState& e, const std::string& path) {
  const Floats zero(e.optimizer.m.empty() ? e.master.size() : 0);
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
  const int64_t step = stored_step(file);
  if (step < 0)
    return Status("CHECKPOINT_MISMATCH",
                  path + ": the metadata hold no optimizer step; expected a state written by glossa");
  for (const char* prefix : {"master.", "exp_avg.", "exp_avg_sq."}) {
    for (const TensorSpec& t : e.model.tensors)
      if (Status s = check_stored(path, prefix + t.name, t.shape, file.find(prefix + t.name)); !s.ok()) return s;
    Status s = for_each_piece(e, file, prefix,
                              [](const StoredTensor& t, int64_t, int64_t at, int64_t count, const float* values) {
                                return check_finite(t, at, count, values);
                              });
    if (!s.ok()) return s;
  }
  // In place: callers may hold the address of the parameters, and nothing is held twice.
  e.optimizer.m.resize(e.master.size());
  e.optimizer.v.resize(e.master.size());
  for (const Part& part : {Part{"master.", e.master.data()}, Part{"exp_avg.", e.optimizer.m.data()},
                           Part{"exp_avg_sq.", e.optimizer.v.data()}}) {
    Status s = for_each_piece(e, file, part.prefix,
                              [&](const StoredTensor&, int64_t offset, int64_t at, int64_t count, const float* values) {
                                std::copy_n(values, count, part.values + offset + at);
                                return Status();
                              });
    if (!s.ok()) return s;
  }
  e.optimizer.step = step;
  e.policy.repack(e.model, *e.pool);
  return {};
}

}  // namespace glossa
