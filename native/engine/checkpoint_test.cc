// Saving, loading and going on: to the same bits; and what a wrong file is told.
#include <cstring>
#include <filesystem>

#include "engine/test_folder.h"
#include "engine/test_models.h"
#include "io/safetensors.h"
#include "io/sha256.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

TrainSettings step_settings() {
  TrainSettings s;
  s.loss = {find_loss("dapo"), 0.2f, 0.28f, 0};
  s.learning_rate = 1e-3f;
  s.weight_decay = 0.01f;
  return s;
}

bool same_weights(Engine& a, Engine& b) {
  const std::vector<float> x = a.parameters(), y = b.parameters();
  return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * 4) == 0;
}

// state.safetensors with the masters in it, from what is in the engine now.
void write_earlier_state(Engine& engine, const Folder& folder) {
  CHECK(engine.save_checkpoint(folder.path()).ok());
  const auto state = SafetensorsFile::open(folder / "state.safetensors").take();
  const std::vector<float> masters = engine.parameters();
  std::vector<TensorToWrite> tensors;
  for (const TensorSpec& t : tensor_specs(engine.config())) {
    tensors.push_back({"master." + t.name, "F32", t.shape, masters.data() + t.offset});
    for (const char* part : {"exp_avg.", "exp_avg_sq."})
      tensors.push_back({part + t.name, "F32", t.shape, state->find(part + t.name)->data});
  }
  CHECK(write_safetensors(folder / "earlier.safetensors", tensors, state->metadata()).ok());
}

}  // namespace

TEST("checkpoint: a saved, loaded and continued run has the bits of the unbroken one") {
  constexpr int64_t kSmallShard = 20'000;
  for (Family family : kFamilies)
    for (int64_t shard : {Engine::kShardBytes, kSmallShard}) {
      Folder folder("continue");
      auto unbroken = tiny_engine(family, Dtype::f32, 2);
      const TestBatch b = test_batch(4, 3, unbroken->info().vocab);
      for (int i = 0; i < 2; ++i) CHECK(unbroken->train_step(b.view(), step_settings(), {}).ok());
      CHECK(unbroken->save_checkpoint(folder.path(), shard).ok());
      for (int i = 0; i < 2; ++i) CHECK(unbroken->train_step(b.view(), step_settings(), {}).ok());

      EngineOptions options;
      options.threads = 1;
      Result<std::unique_ptr<Engine>> loaded = Engine::load(folder.path(), options);
      CHECK(loaded.ok());
      if (!loaded.ok()) return;
      CHECK(loaded.value()->load_state(folder / "state.safetensors").ok());
      CHECK_EQ(loaded.value()->info().optimizer_step, int64_t{2});
      for (int i = 0; i < 2; ++i) CHECK(loaded.value()->train_step(b.view(), step_settings(), {}).ok());
      CHECK(same_weights(*unbroken, *loaded.value()));
      CHECK_EQ(loaded.value()->info().optimizer_step, int64_t{4});
    }
}

TEST("checkpoint: a state of an earlier version, which held the masters itself, is read") {
  Folder folder("earlier");
  auto unbroken = tiny_engine(Family::qwen3, Dtype::f32, 2);
  const TestBatch b = test_batch(4, 3, unbroken->info().vocab);
  CHECK(unbroken->train_step(b.view(), step_settings(), {}).ok());
  write_earlier_state(*unbroken, folder);
  CHECK(unbroken->train_step(b.view(), step_settings(), {}).ok());

  CHECK(unbroken->save_weights(folder.path(), Dtype::bf16).ok());  // the masters must not come from here
  auto other = tiny_engine(Family::qwen3, Dtype::f32, 1);
  const Status loaded = other->load_state(folder / "earlier.safetensors");
  CHECK_EQ(loaded.message(), std::string());
  const Result<TrainMetrics> step = other->train_step(b.view(), step_settings(), {});
  CHECK_EQ(step.ok() ? std::string() : step.status().message(), std::string());
  CHECK(same_weights(*unbroken, *other));
  CHECK_EQ(other->info().optimizer_step, int64_t{2});
}

TEST("checkpoint: the masters stand in it once, and a state beside rounded weights is refused") {
  Folder folder("once");
  auto engine = tiny_engine(Family::llama, Dtype::f32, 1);
  CHECK(engine->save_checkpoint(folder.path()).ok());
  const auto size = [&](const char* name) { return static_cast<int64_t>(bytes_of(folder / name).size()); };
  const int64_t bytes = size("model.safetensors") + size("state.safetensors");
  CHECK_NEAR(static_cast<double>(bytes) / static_cast<double>(engine->info().parameters), 12, 0.5);

  const std::vector<float> before = engine->parameters();
  CHECK(engine->save_weights(folder.path(), Dtype::bf16).ok());
  const Status rounded = engine->load_state(folder / "state.safetensors");
  CHECK_EQ(rounded.code(), std::string("CHECKPOINT_MISMATCH"));
  CHECK(rounded.message().find("BF16") != std::string::npos);
  std::filesystem::remove(folder / "model.safetensors");
  CHECK_EQ(engine->load_state(folder / "state.safetensors").code(), std::string("CHECKPOINT_MISSING"));
  CHECK(engine->parameters() == before);
}

TEST("checkpoint: the digests that come back are those of the files") {
  Folder folder("digests");
  auto engine = tiny_engine(Family::qwen2, Dtype::f32, 1);
  const Result<WrittenFiles> written = engine->save_checkpoint(folder.path(), 20'000);
  CHECK(written.ok());
  if (!written.ok()) return;
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    (void)entry;
    ++files;
  }
  CHECK_EQ(written.value().size(), files);
  CHECK(files > 4);
  for (const WrittenFile& file : written.value()) {
    const std::string bytes = bytes_of(folder / file.name);
    Sha256 hash(false);
    hash.add(bytes.data(), static_cast<int64_t>(bytes.size()));
    CHECK_EQ(file.sha256, hash.hex());
  }
}

TEST("checkpoint: two runs write the same bytes") {
  Folder first("first"), second("second");
  for (const Folder* folder : {&first, &second}) {
    auto engine = tiny_engine(Family::qwen3, Dtype::bf16, folder == &first ? 1 : 3);
    const TestBatch b = test_batch(4, 3, engine->info().vocab);
    CHECK(engine->train_step(b.view(), step_settings(), {}).ok());
    CHECK(engine->save_checkpoint(folder->path()).ok());
  }
  for (const char* file : {"/model.safetensors", "/config.json", "/state.safetensors"}) {
    const std::string a = bytes_of(first.path() + file);
    CHECK(!a.empty());
    CHECK(a == bytes_of(second.path() + file));
  }
}

TEST("checkpoint: the same seed gives the same fresh weights, another seed others") {
  auto make = [](uint64_t seed, int threads) {
    EngineOptions options;
    options.threads = threads;
    return Engine::create(tiny_config(Family::qwen2), seed, options).take();
  };
  auto a = make(1, 1), b = make(1, 3), c = make(2, 2);
  CHECK(same_weights(*a, *b));
  CHECK(!same_weights(*a, *c));
  const std::vector<float> parameters = a->parameters();
  double sum = 0, squares = 0;
  const std::vector<TensorSpec> specs = tensor_specs(a->config());
  const int64_t n = specs[0].shape[0] * specs[0].shape[1];
  for (int64_t i = 0; i < n; ++i) {
    const double w = static_cast<double>(parameters[static_cast<size_t>(i)]);
    sum += w;
    squares += w * w;
  }
  // 4656 draws: the mean and the deviation within 5 of their standard errors.
  CHECK_NEAR(sum / static_cast<double>(n), 0, 5 * 0.02 / 68);
  CHECK_NEAR(std::sqrt(squares / static_cast<double>(n)), 0.02, 5 * 0.02 / 96);
}

TEST("checkpoint: a wrong file is refused and nothing changes") {
  Folder folder("wrong");
  auto engine = tiny_engine(Family::llama, Dtype::f32, 1);
  const std::vector<float> before = engine->parameters();
  auto other = Engine::create(
                   [] {
                     ModelConfig c = tiny_config(Family::llama);
                     c.ffn = 80;
                     return c;
                   }(),
                   1, {})
                   .take();
  const std::string state = folder.path() + "/state.safetensors";
  CHECK(other->save_checkpoint(folder.path()).ok());
  Status s = engine->load_state(state);
  CHECK_EQ(s.code(), std::string("CHECKPOINT_MISMATCH"));
  CHECK(s.message().find("mlp.gate_proj.weight") != std::string::npos);
  CHECK(s.message().find("80") != std::string::npos);

  CHECK(engine->save_weights(folder.path(), Dtype::f32).ok());
  CHECK_EQ(engine->load_state(folder.path() + "/model.safetensors").code(), std::string("CHECKPOINT_MISMATCH"));
  CHECK(!engine->load_state(folder.path() + "/nowhere.safetensors").ok());
  CHECK(engine->parameters() == before);

  // A tensor too many, and one too few.
  const float value = 1;
  CHECK(write_safetensors(folder.path() + "/model.safetensors", {{"strange.weight", "F32", {1}, &value}}, {}).ok());
  Result<std::unique_ptr<Engine>> loaded = Engine::load(folder.path(), {});
  CHECK(!loaded.ok());
  CHECK(loaded.status().message().find("strange.weight") != std::string::npos);
  CHECK(write_safetensors(folder.path() + "/model.safetensors", {{"model.norm.weight", "F32", {48}, before.data()}}, {})
            .ok());
  loaded = Engine::load(folder.path(), {});
  CHECK(!loaded.ok());
  CHECK_EQ(loaded.status().code(), std::string("CHECKPOINT_MISMATCH"));
  CHECK(loaded.status().message().find("model.embed_tokens.weight is missing") != std::string::npos);
}

}  // namespace glossa::test
