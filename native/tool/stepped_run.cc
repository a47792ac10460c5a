#include "tool/stepped_run.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "engine/test_models.h"
#include "io/sha256.h"
#include "tool/model_shapes.h"

namespace glossa::tool {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPrompts = 3, kGroup = 4;
constexpr int32_t kLongest = 24;
constexpr int32_t kKept = 2;
constexpr const char* kName = "step-";

std::string place_of(const std::string& folder, int32_t step) {
  return (fs::path(folder) / (kName + std::to_string(step))).string();
}

// The step of a whole checkpoint's name; 0: another name.
int32_t step_of(const std::string& name) {
  int32_t step = 0;
  if (name.rfind(kName, 0) != 0) return 0;
  const char* const end = name.data() + name.size();
  const std::from_chars_result got = std::from_chars(name.data() + std::strlen(kName), end, step);
  return got.ec == std::errc() && got.ptr == end ? step : 0;
}

Status failed(const std::string& what, const std::string& why) {
  return Status("IO_ERROR", what + ": " + why);
}

Status sync_folder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY);
  const bool well = fd >= 0 && fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  return well ? Status() : failed(folder, std::strerror(error));
}

Status save(const Engine& engine, const std::string& folder, int32_t step) {
  const std::string place = place_of(folder, step), beside = place + ".tmp";
  std::error_code error;
  fs::remove_all(beside, error);  // of a run that was killed
  if (!fs::create_directories(beside, error)) return failed(beside, error.message());
  if (const Result<WrittenFiles> written = engine.save_checkpoint(beside); !written.ok()) return written.status();
  fs::rename(beside, place, error);
  if (error) return failed(place, error.message());
  if (Status s = sync_folder(folder); !s.ok()) return s;
  fs::remove_all(place_of(folder, step - kKept), error);
  return error ? failed(place_of(folder, step - kKept), error.message()) : Status();
}

Result<std::unique_ptr<Engine>> begin(const SteppedRun& run, int32_t from) {
  if (from == 0) {
    ModelConfig config = config_of(*find_shape(run.model), run.layers);
    config.initializer_range = 0.1f;
    return Engine::create(config, 1, run.options);
  }
  const std::string place = place_of(run.folder, from);
  Result<std::unique_ptr<Engine>> engine = Engine::load(place, run.options);
  if (!engine.ok()) return engine;
  if (Status s = engine.value()->load_state(place + "/state.safetensors"); !s.ok()) return s;
  return engine;
}

// Completions of the step's own prompts, then a step on them.
Status take_step(Engine& engine, int32_t step) {
  test::IdLists prompts;
  for (int64_t i = 0; i < kPrompts; ++i)
    prompts.add(test::random_ids(static_cast<uint32_t>(step * kPrompts + i), 3 + 7 * i, engine.info().vocab));
  GenerateRequest r;
  r.prompts = prompts.view();
  r.num_generations = kGroup;
  r.max_new_tokens = kLongest;
  r.sampling = {1, 0, 1, 0, 42};
  r.step = static_cast<uint32_t>(step);
  r.keep_prompts = false;
  const Result<Rollout> rollout = engine.generate(r, {});
  if (!rollout.ok()) return rollout.status();
  const test::TestBatch batch = test::batch_of(rollout.value());
  TrainSettings t;
  t.loss = {find_loss("dapo"), 0.2f, 0.2f, 0};
  t.learning_rate = 1e-3f;
  const Result<TrainMetrics> metrics = engine.train_step(batch.view(), t, {});
  return metrics.ok() ? Status() : metrics.status();
}

// What the engine holds, as it would write it.
Result<std::string> digest(const Engine& engine, const std::string& folder) {
  const std::string place = (fs::path(folder) / "end").string();
  std::error_code error;
  fs::create_directories(place, error);
  const Result<WrittenFiles> written = engine.save_checkpoint(place);
  fs::remove_all(place, error);
  if (!written.ok()) return written.status();
  Sha256 all;
  for (const WrittenFile& file : written.value()) {
    if (file.name == "config.json") continue;  // laid out anew where it was read
    const std::string line = file.name + " " + file.sha256 + "\n";
    all.add(line.data(), static_cast<int64_t>(line.size()));
  }
  return all.hex();
}

}  // namespace

int32_t newest_checkpoint(const std::string& folder) {
  int32_t newest = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    newest = std::max(newest, step_of(entry.path().filename().string()));
  return newest;
}

Result<RunEnd> run_steps(const SteppedRun& run, const std::function<void(int32_t)>& begins) {
  const int32_t from = newest_checkpoint(run.folder);
  Result<std::unique_ptr<Engine>> engine = begin(run, from);
  if (!engine.ok()) return engine.status();
  for (int32_t step = from + 1; step <= run.steps; ++step) {
    begins(step);
    if (Status s = take_step(*engine.value(), step); !s.ok()) return s;
    if (Status s = save(*engine.value(), run.folder, step); !s.ok()) return s;
  }
  Result<std::string> sha256 = digest(*engine.value(), run.folder);
  if (!sha256.ok()) return sha256.status();
  return RunEnd{from, sha256.take()};
}

}  // namespace glossa::tool
