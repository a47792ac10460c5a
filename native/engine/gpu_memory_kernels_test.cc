// Memory and faults of a GPU, on the emulated one: what it has and when it fails is set.
#include "device/cuda/emulation.h"
#include "engine/memory_plan.h"
#include "engine/test_folder.h"
#include "engine/test_models.h"
#include "ops/test_values.h"

namespace glossa::test {
namespace {

constexpr int64_t kMega = int64_t{1} << 20;

// While it lives the emulated GPU has so much.
class GpuMemory {
 public:
  explicit GpuMemory(int64_t bytes) { emulation::gpu().memory = bytes; }
  ~GpuMemory() {
    emulation::gpu().memory = emulation::gpu().others = 0;
    mend();
  }
  GpuMemory(const GpuMemory&) = delete;
  GpuMemory& operator=(const GpuMemory&) = delete;
  static void mend() { emulation::gpu().calls_left = emulation::gpu().requests_left = INT64_MAX; }
};

ModelConfig small_config() {
  ModelConfig c = tiny_config(Family::qwen2);
  c.layers = 1;
  return c;
}
EngineOptions on_gpu() {
  EngineOptions options;
  options.device_name = "emulated-cuda";
  options.dtype = Dtype::bf16;
  options.threads = 1;
  return options;
}
Result<std::unique_ptr<Engine>> made() {
  return Engine::create(small_config(), 5, on_gpu());
}

const TestBatch& batch() {
  static const TestBatch b = test_batch(1, 2, small_config().vocab);
  return b;
}
PlannedRun small_run() {
  PlannedRun run;
  run.generations = {{1, 2, 24, 40, 0}};
  run.step = {1, 2, 24, 40, 0};
  return run;
}
Status step(Engine& engine) {
  TrainSettings s;
  s.loss = {find_loss("dapo"), 0.2f, 0.28f, 0};
  s.learning_rate = 1e-2f;
  const Result<TrainMetrics> metrics = engine.train_step(batch().view(), s, {});
  return metrics.ok() ? Status() : metrics.status();
}
Status sample(Engine& engine) {
  GenerateRequest r;
  r.prompts = batch().view().sequences.prompts;
  r.num_generations = 1;
  r.max_new_tokens = 2;
  r.sampling = {1, 0, 1, 0, 7};
  const Result<Rollout> rollout = engine.generate(r, {});
  return rollout.ok() ? Status() : rollout.status();
}
bool contains(const Status& s, const char* text) {
  return s.message().find(text) != std::string::npos;
}

}  // namespace

TEST("GPU memory: a run takes its plan in two pieces, the weights' and the rest's, and nothing beyond them") {
  const GpuMemory memory(512 * kMega);
  emulation::Gpu& gpu = emulation::gpu();
  {
    const int64_t before = gpu.requests;
    auto engine = made().take();
    const int64_t weights = gpu.taken(), opened = gpu.requests;
    CHECK_EQ(opened - before, 1);
    CHECK_EQ(engine->reserve(small_run()).message(), std::string());
    CHECK_EQ(gpu.requests - opened, 1);
    const int64_t requests = gpu.requests, held = gpu.taken();
    CHECK(held > weights);
    CHECK(sample(*engine).ok() && engine->set_reference().ok());
    for (int i = 0; i < 2; ++i) CHECK(sample(*engine).ok() && step(*engine).ok());
    // Small arrays of operators and of a generation's decoder are none of the plan's piece.
    const int64_t warm = gpu.requests;
    CHECK(warm > requests);
    CHECK(sample(*engine).ok() && step(*engine).ok());
    CHECK(gpu.requests - warm <= 2);
    const MemoryPlan plan = plan_memory(small_config(), on_gpu(), small_run()).take();
    CHECK(gpu.taken() <= plan.total + kMega);
    CHECK_EQ(plan.room.total, 512 * kMega);
    CHECK(plan.host > 0);
  }
  CHECK_EQ(gpu.taken(), 0);
}

TEST(
    "GPU memory: an engine that goes on from a checkpoint takes what one from the start does and goes on with "
    "its bits, and a frozen one takes its weights") {
  const GpuMemory memory(512 * kMega);
  emulation::Gpu& gpu = emulation::gpu();
  const Folder folder("gpu_resumed");
  int64_t fresh = 0;
  std::vector<float> unbroken;
  {
    auto engine = made().take();
    CHECK(engine->reserve(small_run()).ok());
    fresh = gpu.taken();
    CHECK(step(*engine).ok() && engine->save_checkpoint(folder.path()).ok());
    CHECK(step(*engine).ok());
    unbroken = engine->parameters();
  }
  {
    auto engine = Engine::load(folder.path(), on_gpu()).take();
    CHECK(engine->load_state(folder / "state.safetensors").ok());
    CHECK_EQ(engine->reserve(small_run()).message(), std::string());
    CHECK(std::abs(gpu.taken() - fresh) < 4096);
    CHECK(step(*engine).ok());
    CHECK(same_bits(engine->parameters(), unbroken));
  }
  EngineOptions options = on_gpu();
  options.frozen = true;
  const int64_t before = gpu.requests;
  auto engine = Engine::load(folder.path(), options).take();
  CHECK_EQ(gpu.requests - before, 1);
  CHECK(gpu.taken() < fresh / 2);
}

TEST("GPU memory: what does not fit is refused before the run, and what is let pass runs") {
  int begun = 0, refused = 0;
  for (int64_t kilobytes : {100, 200, 400, 4000, 40000, 50000, 54000, 58000, 64000, 80000}) {
    const GpuMemory memory(kilobytes << 10);
    Result<std::unique_ptr<Engine>> engine = made();
    if (!engine.ok()) {
      CHECK_EQ(engine.status().code(), std::string("OUT_OF_MEMORY"));
      CHECK(contains(engine.status(), "the weights take") || contains(engine.status(), "the GPU has no room for"));
      ++refused;
      continue;
    }
    const Status reserved = engine.value()->reserve(small_run());
    if (!reserved.ok()) {
      CHECK_EQ(reserved.code(), std::string("OUT_OF_MEMORY"));
      CHECK(contains(reserved, "its largest terms: library and tables"));
      ++refused;
      continue;
    }
    ++begun;
    CHECK_EQ(sample(*engine.value()).message(), std::string());
    CHECK_EQ(step(*engine.value()).message(), std::string());
  }
  CHECK(begun >= 2);
  CHECK(refused >= 4);
}

TEST("GPU memory: a second run beside another takes what is left, or says who has it") {
  const GpuMemory memory(200 * kMega);
  auto first = made().take();
  CHECK(first->reserve(small_run()).ok());
  auto second = made().take();
  CHECK(second->reserve(small_run()).ok());
  CHECK(step(*first).ok() && step(*second).ok());
  emulation::gpu().others = 140 * kMega;  // a program of somebody else
  auto third = made().take();
  const Status refused = third->reserve(small_run());
  CHECK_EQ(refused.code(), std::string("OUT_OF_MEMORY"));
  CHECK(contains(refused, "another program holds"));
  CHECK(step(*first).ok());
}

TEST("GPU memory: whatever request is refused, the call says so, changes nothing, and works when it is made again") {
  const GpuMemory memory(0);
  bool refused = true;
  int64_t at = 0;
  for (; refused; ++at) {
    auto engine = made().take();
    const std::vector<float> before = engine->parameters();
    emulation::gpu().requests_left = at;
    Status status = sample(*engine);
    if (status.ok()) status = step(*engine);
    refused = emulation::gpu().requests_left < 0;
    GpuMemory::mend();
    if (!refused) {
      CHECK_EQ(status.message(), std::string());
      continue;
    }
    CHECK_EQ(status.code(), std::string("OUT_OF_MEMORY"));
    CHECK(engine->parameters() == before);
    CHECK_EQ(step(*engine).message(), std::string());
  }
  CHECK(at > 6);
}

TEST("GPU faults: whatever call fails, the run stops with the kernel's name, and the checkpoint before is whole") {
  const GpuMemory memory(0);
  const Folder folder("gpu_faults");
  std::vector<float> saved;
  int64_t calls = 0;
  {
    auto engine = made().take();
    CHECK(step(*engine).ok());
    saved = engine->parameters();
    CHECK(engine->save_checkpoint(folder.path()).ok());
    constexpr int64_t kMany = int64_t{1} << 40;
    emulation::gpu().calls_left = kMany;
    CHECK(sample(*engine).ok() && step(*engine).ok());
    calls = kMany - emulation::gpu().calls_left;
    GpuMemory::mend();
  }
  CHECK(calls > 100);
  bool kernel_named = false;
  const int64_t stride = std::max<int64_t>(calls / 24, 1);
  for (int64_t at = 0; at < calls; at += stride) {
    auto engine = Engine::load(folder.path(), on_gpu()).take();
    CHECK(engine->load_state(folder / "state.safetensors").ok());
    emulation::gpu().calls_left = at;
    Status status = sample(*engine);
    if (status.ok()) status = step(*engine);
    CHECK_EQ(status.code(), std::string("GPU_FAILED"));
    CHECK(contains(status, " at "));
    kernel_named = kernel_named || contains(status, "attention");
    // Nothing is computed there any more, nothing is written over what was saved, and the engine comes to its end.
    CHECK_EQ(step(*engine).code(), std::string("GPU_FAILED"));
    CHECK_EQ(sample(*engine).code(), std::string("GPU_FAILED"));
    const Result<WrittenFiles> written = engine->save_checkpoint(folder.path());
    CHECK(!written.ok());
    if (!written.ok()) CHECK_EQ(written.status().code(), std::string("GPU_FAILED"));
    engine.reset();
    GpuMemory::mend();
  }
  CHECK(kernel_named);
  auto again = Engine::load(folder.path(), on_gpu()).take();
  CHECK(again->load_state(folder / "state.safetensors").ok());
  CHECK(again->parameters() == saved);
  CHECK_EQ(again->info().optimizer_step, 1);
}

TEST("GPU faults: weights that are no numbers end sampling and training with NONFINITE, and change nothing") {
  auto engine = made().take();
  std::vector<float> weights = engine->parameters();
  for (float& w : weights) w = std::nanf("");
  engine->set_parameters(weights);
  CHECK_EQ(sample(*engine).code(), std::string("NONFINITE"));
  CHECK_EQ(step(*engine).code(), std::string("NONFINITE"));
  CHECK_EQ(engine->info().optimizer_step, 0);
}

TEST("GPU: what the backward pass makes again changes no bit, and keeps the less the more it makes") {
  std::vector<float> first;
  int64_t before = INT64_MAX;
  ModelConfig config = small_config();
  config.layers = 2;
  for (Recompute recompute : {Recompute::none, Recompute::cheap, Recompute::full}) {
    EngineOptions options = on_gpu();
    options.recompute = recompute;
    auto engine = Engine::create(config, 5, options).take();
    for (int i = 0; i < 2; ++i) CHECK(step(*engine).ok());
    if (first.empty()) first = engine->parameters();
    CHECK(same_bits(engine->parameters(), first));
    int64_t kept = 0;
    for (const MemoryTerm& t : plan_memory(config, options, small_run()).take().terms)
      if (t.name == "micro-batch: activations") kept = t.bytes;
    CHECK(kept > 0 && kept < before);
    before = kept;
  }
}

TEST("GPU: its ceiling is that of a product of its own, and nothing of it stays") {
  const GpuMemory memory(100 * kMega);
  auto engine = made().take();
  CHECK(engine->reserve(small_run()).ok());
  CHECK(engine->measured_flops().take() > 0);
  CHECK(sample(*engine).ok());
  const int64_t taken = emulation::gpu().taken();
  CHECK(engine->measured_flops().take() > 0);
  CHECK_EQ(emulation::gpu().taken(), taken);
}

TEST("GPU memory: a card that is not here is planned for by what its maker says it has") {
  ModelConfig c = tiny_config(Family::llama);
  c.hidden = 1024;
  c.ffn = 4096;
  c.layers = 16;
  c.heads = 16;
  c.kv_heads = 8;
  c.head_dim = 64;
  c.vocab = 32000;
  c.context = 4096;
  EngineOptions options;
  options.device_name = "cuda";
  options.dtype = Dtype::bf16;
  PlannedRun run;
  run.generations = {{64, 2, 256, 512, 0}};
  run.step = {64, 2, 256, 512, 0};
  run.gpu_memory = 80'000'000'000;
  const MemoryPlan large = plan_memory(c, options, run).take();
  CHECK_EQ(large.room.total, run.gpu_memory);
  CHECK(large.total > 0 && large.total < large.room.free);
  run.gpu_memory = 4'000'000'000;
  const MemoryPlan small = plan_memory(c, options, run).take();
  CHECK(small.micro_batch_rows < large.micro_batch_rows);
  CHECK(small.micro_batch_tokens < large.micro_batch_tokens);
  CHECK(small.micro_batch_rows <= small.micro_batch_tokens && large.micro_batch_rows <= large.micro_batch_tokens);
  run.gpu_memory = 80'000'000'000;
  run.micro_batch_tokens = 2048;
  const MemoryPlan asked = plan_memory(c, options, run).take();
  CHECK(asked.total < large.total);
  CHECK_EQ(asked.micro_batch_tokens, 2048);
}

}  // namespace glossa::test
