#include "engine/train_state.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <memory>

#include "base/pages.h"
#include "engine/adapter_files.h"
#include "engine/checkpoint_source.h"
#include "engine/stored_part.h"
#include "io/safetensors.h"

namespace glossa {
namespace {

constexpr char kFile[] = "state.safetensors";

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

Status read_masters(const EngineState& e, const SafetensorsFile& file, Values out) {
  if (e.model.adapters) {
    Result<std::unique_ptr<WeightSource>> adapter = open_adapter(e.model, folder_of(file.path()));
    if (!adapter.ok()) return adapter.status();
    return fill_flat(*e.device, e.model.adapters.parameters, *adapter.value(), out);
  }
  const StoredPart own(e.model.tensors, file, "master.");
  if (own.has_any()) {
    if (Status s = own.check(); !s.ok()) return s;
    return fill_flat(*e.device, e.model.parameters, own, out);
  }
  Result<std::unique_ptr<CheckpointSource>> weights = CheckpointSource::open(e.model, folder_of(file.path()));
  if (!weights.ok()) return weights.status();
  if (Status s = weights.value()->check_float32(); !s.ok()) return s;
  return fill_flat(*e.device, e.model.parameters, *weights.value(), out);
}

// The state and the engine must train the same tensors.
Status check_trained(const Trained& trained, const SafetensorsFile& file) {
  auto trains = [&](const std::string& name) {
    return std::any_of(trained.tensors.begin(), trained.tensors.end(),
                       [&](const TensorSpec& t) { return t.name == name; });
  };
  auto mismatch = [&](const std::string& what) {
    return Status("CHECKPOINT_MISMATCH",
                  file.path() + ": " + what + "; training goes on with the trainable tensors that it was begun with");
  };
  constexpr std::string_view kPrefix = "exp_avg.";
  for (const StoredTensor& t : file.tensors())
    if (t.name.starts_with(kPrefix) && !trains(t.name.substr(kPrefix.size())))
      return mismatch("it holds moments of " + t.name.substr(kPrefix.size()) + ", which does not train here");
  for (const TensorSpec& t : trained.tensors)
    if (!file.find(std::string(kPrefix) + t.name))
      return mismatch("tensor " + std::string(kPrefix) + t.name + " is missing: " + t.name + " trains here");
  return {};
}

Status read_moments(const EngineState& e, const SafetensorsFile& file, const char* prefix, Values out) {
  const StoredPart part(e.model.trained.tensors, file, prefix);
  if (Status s = part.check(); !s.ok()) return s;
  return fill_flat(*e.device, e.model.trained.parameters, part, out);
}

}  // namespace

Result<WrittenFile> save_state(const EngineState& e, const std::string& dir) {
  const int64_t n = e.model.trained.parameters;
  const Floats zero(e.optimizer.m.data() ? 0 : static_cast<size_t>(n));
  WrittenFile file{kFile, ""};
  auto write = [&](const float* m, const float* v) {
    std::vector<TensorToWrite> tensors;
    for (const TensorSpec& t : e.model.trained.tensors) {
      tensors.push_back({"exp_avg." + t.name, "F32", t.shape, m + t.offset});
      tensors.push_back({"exp_avg_sq." + t.name, "F32", t.shape, v + t.offset});
    }
    const std::string step = std::to_string(e.optimizer.step);
    return write_safetensors(dir + "/" + kFile, tensors, {{"optimizer", "adamw"}, {"step", step}}, &file.sha256);
  };
  auto with = [&](const Memory& moments, const std::function<Status(const float*)>& use) {
    return moments.data() ? e.device->read({moments.data()}, n, use) : use(zero.data());
  };
  Status status = with(
      e.optimizer.m, [&](const float* m) { return with(e.optimizer.v, [&](const float* v) { return write(m, v); }); });
  if (!status.ok()) return status;
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
  if (Status s = check_trained(e.model.trained, file); !s.ok()) return s;
  // About as much memory as the gradients of the first step take afterwards.
  const int64_t bytes = e.model.master_parameters() * 4;
  Memory master(*e.device), m(*e.device), v(*e.device);
  master.reserve(bytes);
  for (Memory* moments : {&m, &v}) moments->reserve(e.model.trained.parameters * 4);
  if (Status s = read_masters(e, file, {master.data()}); !s.ok()) return s;
  if (Status s = read_moments(e, file, "exp_avg.", {m.data()}); !s.ok()) return s;
  if (Status s = read_moments(e, file, "exp_avg_sq.", {v.data()}); !s.ok()) return s;

  // Nothing fails from here on. The masters stay where they are: the weights read them there.
  e.device->copy(e.master.data(), master.data(), bytes);
  e.optimizer.m = std::move(m);
  e.optimizer.v = std::move(v);
  e.optimizer.step = step;
  e.policy.repack();
  return {};
}

}  // namespace glossa
