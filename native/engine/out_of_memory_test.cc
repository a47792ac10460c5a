// Whatever request for memory is refused, a call says OUT_OF_MEMORY, changes nothing, and works when it is made again.
#include <filesystem>
#include <functional>

#include "base/allocation_fault.h"
#include "engine/test_folder.h"
#include "engine/test_models.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

// Made before anything is refused.
const TrainSettings& step_settings() {
  static const TrainSettings settings = [] {
    TrainSettings s;
    s.loss = {find_loss("dapo"), 0.2f, 0.28f, 0};
    s.learning_rate = 1e-2f;
    return s;
  }();
  return settings;
}
const TestBatch& batch() {
  static const TestBatch b = test_batch(2, 2, tiny_config(Family::qwen2).vocab);
  return b;
}

// All that a user can see of an engine: masters, step, reference, what the packed weights compute, and the moments by
// way of what the next step makes of them.
struct Seen {
  std::vector<float> masters;
  int64_t step;
  bool reference;
  std::vector<float> logps;
  bool operator==(const Seen&) const = default;
};
Seen look(Engine& engine) {
  return {engine.parameters(), engine.info().optimizer_step, engine.has_reference(),
          engine.logprobs(batch().view().sequences, {}, {}).take().logps};
}

std::unique_ptr<Engine> fresh() {
  return tiny_engine(Family::qwen2, Dtype::bf16, 2);
}

// Makes the call on a fresh engine with its first, second, third... request for memory refused, until none is; of slow
// calls only every so many.
void refuse_each(const std::function<std::unique_ptr<Engine>()>& make, const std::function<Status(Engine&)>& call,
                 int64_t fewest, int64_t every = 1) {
  step_settings();
  auto clean = make();
  const Seen before = look(*clean);
  const Status undisturbed = call(*clean);
  CHECK_EQ(undisturbed.message(), std::string());
  if (!undisturbed.ok()) return;
  const Seen after = look(*clean);
  int64_t at = 0;
  for (bool refused = true; refused; at += every) {
    auto engine = make();
    Status status;
    {
      const AllocationFault fault(at);
      status = call(*engine);
      refused = fault.happened();
    }
    // Some code asks and goes on without: std::stable_sort sorts in place then.
    if (refused && !status.ok()) {
      CHECK_EQ(status.code(), std::string("OUT_OF_MEMORY"));
      CHECK(look(*engine) == before);
      status = call(*engine);
    }
    CHECK_EQ(status.message(), std::string());
    CHECK(look(*engine) == after);
  }
  CHECK(at > fewest);
}

template <class T>
Status status_of(const Result<T>& result) {
  return result.ok() ? Status() : result.status();
}

Status step(Engine& engine) {
  static const TrainSettings settings = step_settings();  // made before anything is refused
  return status_of(engine.train_step(batch().view(), settings, {}));
}

std::unique_ptr<Engine> trained() {
  auto engine = fresh();
  CHECK(step(*engine).ok());
  return engine;
}

}  // namespace

#define SKIP_WHERE_NOTHING_CAN_BE_REFUSED() \
  if (!kMemoryCanRunOut) SKIP("the sanitizers have an operator new of their own, which refuses nothing")

TEST("out of memory: a first optimizer step leaves the state of before the call") {
  SKIP_WHERE_NOTHING_CAN_BE_REFUSED();
  refuse_each(fresh, step, 40);
}

TEST("out of memory: a later optimizer step leaves the state of before the call") {
  SKIP_WHERE_NOTHING_CAN_BE_REFUSED();
  refuse_each(trained, step, 30);
}

TEST("out of memory: a step that trains a part leaves the state of before the call") {
  SKIP_WHERE_NOTHING_CAN_BE_REFUSED();
  refuse_each(
      [] {
        EngineOptions options;
        options.dtype = Dtype::bf16;
        options.threads = 2;
        options.trainable = {"*.q_proj.*", "*.layers.1.mlp.*"};
        auto engine = Engine::create(tiny_config(Family::qwen2), 5, options).take();
        spread(*engine);
        return engine;
      },
      step, 30, 3);
}

TEST("out of memory: freezing a reference leaves none, or the one there was") {
  SKIP_WHERE_NOTHING_CAN_BE_REFUSED();
  refuse_each(
      trained, [](Engine& e) { return e.set_reference(); }, 3);
}

TEST("out of memory: a generation and log-probabilities work when they are asked for again") {
  SKIP_WHERE_NOTHING_CAN_BE_REFUSED();
  refuse_each(
      fresh,
      [](Engine& e) {
        GenerateRequest r;
        r.prompts = batch().view().sequences.prompts;
        r.num_generations = 2;
        r.max_new_tokens = 3;
        r.sampling = {1, 0, 1, 0, 7};
        return status_of(e.generate(r, {}));
      },
      20);
  refuse_each(
      fresh, [](Engine& e) { return status_of(e.logprobs(batch().view().sequences, {}, {})); }, 10);
}

TEST("out of memory: a checkpoint leaves nothing half-written, and one that is read leaves the engine as it was") {
  SKIP_WHERE_NOTHING_CAN_BE_REFUSED();
  const Folder folder("memory");
  const std::string path = folder.path(), state = folder / "state.safetensors";
  refuse_each(
      trained, [&](Engine& e) { return status_of(e.save_checkpoint(path)); }, 20, 17);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    CHECK(entry.path().extension() != ".tmp");
  refuse_each(
      fresh, [&](Engine& e) { return e.load_state(state); }, 20, 7);
}

TEST("out of memory: an engine is made or is not") {
  SKIP_WHERE_NOTHING_CAN_BE_REFUSED();
  const ModelConfig config = tiny_config(Family::llama);
  EngineOptions options;
  options.threads = 4;
  bool refused = true;
  for (int64_t at = 0; refused; ++at) {
    Status made;
    {
      const AllocationFault fault(at);
      made = status_of(Engine::create(config, 1, options));
      refused = fault.happened();
    }
    CHECK_EQ(made.code(), std::string(refused ? "OUT_OF_MEMORY" : ""));
  }
}

}  // namespace glossa::test
