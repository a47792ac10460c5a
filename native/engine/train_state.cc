#include "engine/train_state.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "engine/checkpoint_source.h"
#include "engine/tensor_check.h"
#include "io/safetensors.h"

namespace glossa {
namespace {

constexpr char kFile[] = "state.safetensors";

// The tensors of a state whose names begin with `prefix`, in the order of the model's.
class StatePart : public WeightSource {
 public:
  StatePart(const Model& m, const SafetensorsFile& file, std::string prefix)
      : model_(m), file_(file), prefix_(std::move(prefix)) {}

  bool has_any() const {
    return std::any_of(model_.tensors.begin(), model_.tensors.end(), [&](const TensorSpec& t) { return find(t); });
  }
  Status check() const {
    for (const TensorSpec& t : model_.tensors)
      if (Status s = check_stored(file_.path(), prefix_ + t.name, t.shape, find(t)); !s.ok()) return s;
    return {};
  }
  Status read(int64_t offset, int64_t count, float* out) const override {
    return for_each_part(model_, offset, count, [&](int64_t first, int64_t n, int64_t within, size_t tensor) {
      const StoredTensor& t = *find(model_.tensors[tensor]);
      const int64_t size = t.bytes / t.elements();
      widen(t, within, n, out + first);
      file_.give_back(t.data + within * size, n * size);
      return check_finite(t, within, n, out + first);
    });
  }

 private:
  const StoredTensor* find(const TensorSpec& t) const { return file_.find(prefix_ + t.name); }

  const Model& model_;
  const SafetensorsFile& file_;
  const std::string prefix_;
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

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
}

Status read_masters(const EngineState& e, const SafetensorsFile& file, float* out) {
  const StatePart own(e.model, file, "master.");
  if (own.has_any()) {
    if (Status s = own.check(); !s.ok()) return s;
    return fill_flat(e.model, own, *e.pool, out);
  }
  Result<std::unique_ptr<CheckpointSource>> weights = CheckpointSource::open(e.model, folder_of(file.path()));
  if (!weights.ok()) return weights.status();
  if (Status s = weights.value()->check_float32(); !s.ok()) return s;
  return fill_flat(e.model, *weights.value(), *e.pool, out);
}

Status read_part(const EngineState& e, const SafetensorsFile& file, const char* prefix, float* out) {
  const StatePart part(e.model, file, prefix);
  if (Status s = part.check(); !s.ok()) return s;
  return fill_flat(e.model, part, *e.pool, out);
}

}  // namespace

Result<WrittenFile> save_state(const EngineState& e, const std::string& dir) {
  const Floats zero(e.optimizer.m.empty() ? e.master.size() : 0);
  const float* m = e.optimizer.m.empty() ? zero.data() : e.optimizer.m.data();
  const float* v = e.optimizer.v.empty() ? zero.data() : e.optimizer.v.data();
  std::vector<TensorToWrite> tensors;
  for (const TensorSpec& t : e.model.tensors) {
    tensors.push_back({"exp_avg." + t.name, "F32", t.shape, m + t.offset});
    tensors.push_back({"exp_avg_sq." + t.name, "F32", t.shape, v + t.offset});
  }
  WrittenFile file{kFile, ""};
  const std::string step = std::to_string(e.optimizer.step);
  if (Status s = write_safetensors(dir + "/" + kFile, tensors, {{"optimizer", "adamw"}, {"step", step}}, &file.sha256);
      !s.ok())
    return s;
  return file;
}

Status load_state(EngineState& e, const std::string& path) {
  Result<std::unique_ptr<SafetensorsFile>> opened = SafetensorsFile::open(path);
  if (!opened.ok()) return opened.status();
  const SafetensorsFile& file = *opened.value();
  const int64_t step = stored_step(file);
  if (step < 0)
    return Status("CHECKPOINT_MISMATCH",
                  path + ": the metadata hold no optimizer step; expected a state written by glossa");
  // As much memory as the gradients of the first step take afterwards.
  Floats master(e.master.size()), m(master.size()), v(master.size());
  if (Status s = read_masters(e, file, master.data()); !s.ok()) return s;
  if (Status s = read_part(e, file, "exp_avg.", m.data()); !s.ok()) return s;
  if (Status s = read_part(e, file, "exp_avg_sq.", v.data()); !s.ok()) return s;

  // Nothing fails from here on. The masters stay where they are: others hold their address.
  std::copy(master.begin(), master.end(), e.master.begin());
  e.optimizer.m.swap(m);
  e.optimizer.v.swap(v);
  e.optimizer.step = step;
  e.policy.repack(e.model, *e.pool);
  return {};
}

}  // namespace glossa
