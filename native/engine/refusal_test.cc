// Wrong input is named and leaves the engine as it was: ids, budgets, settings, NaN, cancellation.
#include <limits>

#include "engine/test_models.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

GenerateRequest request_of(const IdLists& prompts) {
  GenerateRequest r;
  r.prompts = prompts.view();
  r.max_new_tokens = 8;
  r.sampling = {1, 0, 1, 0, 3};
  return r;
}

TrainSettings dapo() {
  TrainSettings s;
  s.loss = {find_loss("dapo"), 0.2f, 0.2f, 0};
  s.learning_rate = 1e-3f;
  return s;
}

bool mentions(const Status& s, const std::string& text) {
  return s.message().find(text) != std::string::npos;
}

}  // namespace

TEST("engine: heads wider than the device's kernels take are refused") {
  ModelConfig config = tiny_config(Family::llama);
  config.head_dim = 514;
  for (const std::string& name : device_names()) {
    EngineOptions options;
    options.device_name = name;
    const auto engine = Engine::create(config, 5, options);
    CHECK_EQ(engine.ok(), name == "cpu");
    if (!engine.ok()) CHECK_EQ(engine.status().code(), std::string("MODEL_UNSUPPORTED"));
  }
}

TEST("engine: ids outside the vocabulary and empty rows are named with their place") {
  auto engine = tiny_engine(Family::llama, Dtype::f32, 1);
  IdLists prompts;
  prompts.add({1, 2});
  prompts.add({3, 97, 4});
  Status s = engine->generate(request_of(prompts), {}).status();
  CHECK_EQ(s.code(), std::string("TOKEN_OUT_OF_RANGE"));
  CHECK(mentions(s, "prompt 1, position 1: id 97"));
  IdLists negative;
  negative.add({-1});
  CHECK_EQ(engine->generate(request_of(negative), {}).status().code(), std::string("TOKEN_OUT_OF_RANGE"));
  IdLists empty;
  CHECK_EQ(engine->generate(request_of(empty), {}).status().code(), std::string("BATCH_EMPTY"));
  IdLists hollow;
  hollow.add({1});
  hollow.add({});
  s = engine->generate(request_of(hollow), {}).status();
  CHECK_EQ(s.code(), std::string("SEQUENCE_EMPTY"));
  CHECK(mentions(s, "prompt 1"));

  TestBatch b = test_batch(2, 2, 97);
  b.completions.offsets.back() = b.completions.offsets[3];
  s = engine->train_step(b.view(), dapo(), {}).status();
  CHECK_EQ(s.code(), std::string("SEQUENCE_EMPTY"));
  CHECK(mentions(s, "completion 3"));
}

TEST("engine: a budget beyond the context is refused with the numbers") {
  auto engine = tiny_engine(Family::llama, Dtype::f32, 1);
  IdLists prompts;
  prompts.add(random_ids(1, 150, 97));
  GenerateRequest r = request_of(prompts);
  r.max_new_tokens = 43;
  const Status s = engine->generate(r, {}).status();
  CHECK_EQ(s.code(), std::string("BUDGET_EXCEEDS_CONTEXT"));
  CHECK(mentions(s, "150") && mentions(s, "43") && mentions(s, "192"));
  r.max_new_tokens = 42;  // the last position there is
  Result<Rollout> got = engine->generate(r, {});
  CHECK(got.ok());
  CHECK_EQ(got.value().completion_ids.size(), size_t{42});
}

TEST("engine: settings out of range are refused") {
  auto engine = tiny_engine(Family::llama, Dtype::f32, 1);
  IdLists prompts;
  prompts.add({1, 2, 3});
  GenerateRequest r = request_of(prompts);
  auto refused = [&](auto change) {
    GenerateRequest wrong = r;
    change(wrong);
    return engine->generate(wrong, {}).status().code() == "INVALID_ARGUMENT";
  };
  CHECK(refused([](GenerateRequest& q) { q.sampling.temperature = -1; }));
  CHECK(refused([](GenerateRequest& q) { q.sampling.temperature = std::numeric_limits<float>::quiet_NaN(); }));
  CHECK(refused([](GenerateRequest& q) { q.sampling.top_p = 0; }));
  CHECK(refused([](GenerateRequest& q) { q.max_new_tokens = 0; }));
  CHECK(refused([](GenerateRequest& q) { q.num_generations = 0; }));
  CHECK(refused([](GenerateRequest& q) { q.step = 1u << 24; }));
  CHECK(refused([](GenerateRequest& q) { q.num_generations = 1 << 19; }));
  TestBatch b = test_batch(2, 2, 97);
  auto step_refused = [&](auto change) {
    TrainSettings s = dapo();
    TrainBatch batch = b.view();
    change(s, batch);
    return engine->train_step(batch, s, {}).status().code() == "INVALID_ARGUMENT";
  };
  CHECK(step_refused([](TrainSettings&, TrainBatch& x) { x.advantages = nullptr; }));
  CHECK(step_refused([](TrainSettings& s, TrainBatch&) { s.loss.beta = 0.1f; }));
  CHECK(step_refused([](TrainSettings& s, TrainBatch&) { s.temperature = 0; }));
  CHECK(step_refused([](TrainSettings& s, TrainBatch&) { s.learning_rate = -1; }));
  CHECK(step_refused([](TrainSettings& s, TrainBatch&) { s.loss.type = find_loss("dr_grpo"); }));
  LogprobSettings reference;
  reference.reference = true;
  CHECK_EQ(engine->logprobs(b.view().sequences, reference, {}).status().code(), std::string("REFERENCE_MISSING"));
}

TEST("engine: a NaN weight stops the step, named, and nothing changes") {
  auto engine = tiny_engine(Family::qwen2, Dtype::f32, 2);
  const TestBatch b = test_batch(3, 2, engine->info().vocab);
  CHECK(engine->train_step(b.view(), dapo(), {}).ok());
  // Only the values of one layer see it: the loss is not a number.
  const std::vector<float> before = engine->parameters();
  std::vector<float> broken = before;
  broken[100] = std::numeric_limits<float>::quiet_NaN();
  engine->set_parameters(broken);
  Status s = engine->train_step(b.view(), dapo(), {}).status();
  CHECK_EQ(s.code(), std::string("NONFINITE"));
  CHECK_EQ(engine->info().optimizer_step, int64_t{1});
  IdLists prompts;
  prompts.add({2, 3});  // id 2 has the weight
  s = engine->generate(request_of(prompts), {}).status();
  CHECK_EQ(s.code(), std::string("NONFINITE"));
  CHECK(mentions(s, "prompt 0, sample 0"));
  engine->set_parameters(before);

  // An advantage that overflows the gradient but not the loss of its token is the gradient's to report.
  TestBatch huge = b;
  for (float& a : huge.advantages) a = 3e38f;
  TrainSettings grpo = dapo();
  grpo.loss.type = find_loss("dr_grpo");
  grpo.max_completion_length = 1;
  s = engine->train_step(huge.view(), grpo, {}).status();
  CHECK_EQ(s.code(), std::string("NONFINITE"));
  CHECK(engine->parameters() == before);
  CHECK_EQ(engine->info().optimizer_step, int64_t{1});
  CHECK(engine->train_step(b.view(), dapo(), {}).ok());
}

TEST("engine: a rollout of more ids than its offsets count is refused before memory is taken for it") {
  auto engine = tiny_engine(Family::llama, Dtype::f32, 1);
  IdLists prompts;
  for (uint32_t i = 0; i < 64; ++i) prompts.add(random_ids(i, 2, 97));
  GenerateRequest r = request_of(prompts);
  r.num_generations = 1 << 18;
  r.max_new_tokens = 190;
  const Status s = engine->generate(r, {}).status();
  CHECK_EQ(s.code(), std::string("INVALID_ARGUMENT"));
  CHECK(s.message().find("3221225472 ids") != std::string::npos);
}

TEST("engine: a cancelled rollout keeps what it has, a cancelled step changes nothing") {
  auto engine = tiny_engine(Family::llama, Dtype::f32, 2);
  IdLists prompts;
  for (uint32_t i = 0; i < 12; ++i) prompts.add(random_ids(i, 3 + i, 97));
  GenerateRequest r = request_of(prompts);
  r.max_new_tokens = 100;
  r.slots = 2;
  std::atomic<bool> cancelled{false};
  JobControl control;
  control.cancelled = &cancelled;
  // Cancelled from the first report on, while most rows have not begun.
  control.progress = [&](int64_t, int64_t, int64_t) { cancelled = true; };
  Result<Rollout> got = engine->generate(r, control);
  CHECK(got.ok());
  if (!got.ok()) return;
  const Rollout& out = got.value();
  CHECK_EQ(out.finish.size(), size_t{12});
  CHECK_EQ(out.completion_offsets.size(), size_t{13});
  CHECK_EQ(out.completion_ids.size(), static_cast<size_t>(out.completion_offsets.back()));
  CHECK_EQ(out.logps.size(), out.completion_ids.size());
  bool some = false;
  for (int8_t f : out.finish) some = some || f == static_cast<int8_t>(Finish::cancelled);
  CHECK(some);

  const TestBatch b = test_batch(3, 2, 97);
  const std::vector<float> before = engine->parameters();
  cancelled = true;
  control.progress = nullptr;
  CHECK_EQ(engine->train_step(b.view(), dapo(), control).status().code(), std::string("CANCELLED"));
  CHECK_EQ(engine->logprobs(b.view().sequences, {}, control).status().code(), std::string("CANCELLED"));
  CHECK(engine->parameters() == before);
  // With the last gradient made, and only the update left.
  cancelled = false;
  control.progress = [&](int64_t done, int64_t total, int64_t) { cancelled = done == total; };
  CHECK_EQ(engine->train_step(b.view(), dapo(), control).status().code(), std::string("CANCELLED"));
  CHECK(cancelled && engine->parameters() == before && engine->info().optimizer_step == 0);
}

}  // namespace glossa::test
