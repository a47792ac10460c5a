// What a device keeps of a forward pass changes memory alone: with anything recomputed, and weight gradients made layer
// by layer, losses and gradients are those of keeping everything, to the bit.
#include <cstring>

#include "device/memory.h"
#include "engine/batch.h"
#include "engine/memory_plan.h"
#include "engine/test_models.h"
#include "model/activations.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

// x, x_mid, qkv, gate_up and o, down in float32, as a CPU's kernels read them.
ActivationPlan plan_of(bool norms, bool product) {
  ActivationPlan plan;
  plan.gradients_by_layer = true;
  plan.recompute_norms = norms;
  plan.recompute_product = product;
  return plan;
}
ActivationPlan whole_layers() {
  return with_recompute({}, Recompute::full);
}
const ActivationPlan kByLayer[] = {plan_of(false, false), plan_of(true, false), plan_of(false, true),
                                   plan_of(true, true), whole_layers()};

struct Outcome {
  double loss, grad_norm;
  std::vector<float> gradient, weights;
  bool operator==(const Outcome& other) const {
    auto same = [](const std::vector<float>& a, const std::vector<float>& b) {
      return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * 4) == 0;
    };
    return loss == other.loss && grad_norm == other.grad_norm && same(gradient, other.gradient) &&
           same(weights, other.weights);
  }
};

// Gradients, and the weights after a step.
Outcome trained(const ModelConfig& config, const EngineOptions& options, int64_t micro_batch_tokens) {
  auto engine = Engine::create(config, 5, options).take();
  spread(*engine);
  const TestBatch b = test_batch(5, 3, config.vocab);
  TrainSettings s;
  s.loss = {find_loss("dapo"), 0.2f, 0.28f, 0};
  s.learning_rate = 1e-2f;
  s.micro_batch_tokens = micro_batch_tokens;
  Outcome out;
  const TrainMetrics metrics = engine->gradients(b.view(), s, &out.gradient).take();
  out.loss = metrics.loss;
  out.grad_norm = metrics.grad_norm;
  CHECK(engine->train_step(b.view(), s, {}).ok());
  out.weights = engine->parameters();
  return out;
}

// 1.5 billion parameters: the shape of Qwen2.5-1.5B.
constexpr char kQwen[] = R"({"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "hidden_size": 1536,
  "intermediate_size": 8960, "num_hidden_layers": 28, "num_attention_heads": 12, "num_key_value_heads": 2,
  "vocab_size": 151936, "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0,
  "tie_word_embeddings": true, "hidden_act": "silu"})";

double bytes_of_token(const ActivationPlan& plan, const ModelConfig& config, Dtype dtype) {
  constexpr int64_t kRows = 4096;
  const Model m = make_model(config, dtype, {}).take();
  Carver c;
  carve_activations(plan, m, c, kRows, true);
  return static_cast<double>(c.used()) / kRows;
}

}  // namespace

TEST("activation plan: recomputing and gradients by layer change no bit of losses, gradients and weights") {
  Memory::poison = true;
  for (Family family : kFamilies)
    for (Dtype dtype : {Dtype::f32, Dtype::bf16})
      for (Sharing sharing : {Sharing::never, Sharing::always}) {
        if (reduced() && (sharing == Sharing::never || dtype == Dtype::f32)) continue;
        EngineOptions options;
        options.dtype = dtype;
        options.threads = 2;
        options.sharing = sharing;
        const ModelConfig config = tiny_config(family);
        const Outcome kept = trained(config, options, 0);
        for (const ActivationPlan& plan : kByLayer) {
          // Each half of the recomputation alone, on one kind of lanes.
          if (plan.recompute_norms != plan.recompute_product && sharing == Sharing::always) continue;
          options.activations = plan;
          CHECK(trained(config, options, plan.recompute_norms ? 0 : 60) == kept);
        }
      }
  Memory::poison = false;
}

TEST("activation plan: with a part of the tensors trainable, no bit changes either") {
  for (const char* pattern : {"model.layers.1.*", "*.q_proj.*", "model.norm.weight", "*.layers.0.mlp.*"}) {
    EngineOptions options;
    options.threads = 2;
    options.trainable = {pattern};
    const ModelConfig config = tiny_config(Family::qwen2);
    const Outcome kept = trained(config, options, 0);
    for (const ActivationPlan& plan : {plan_of(true, true), whole_layers()}) {
      options.activations = plan;
      CHECK(trained(config, options, 0) == kept);
    }
  }
}

TEST("activation plan: a token of Qwen2.5-1.5B takes 1.4 MB of a GPU's and 3.6 of a CPU's, in bfloat16") {
  const ModelConfig config = parse_model_config(kQwen, "config.json").take();
  ModelConfig shorter = config;
  --shorter.layers;
  const ActivationPlan gpu = smallest_plan(Dtype::bf16), cpu{};
  const double all = bytes_of_token(gpu, config, Dtype::bf16);
  // x and x_mid, qkv, attention, gate_up; the rest of a layer are sums of rows.
  const double layer = all - bytes_of_token(gpu, shorter, Dtype::bf16);
  const double kept = 2 * (2 * 1536 + 2048 + 1536 + 2 * 8960);
  CHECK_NEAR(28 * kept, 1.38e6, 5e3);
  CHECK_NEAR(layer - kept, 4 * (2 + 2 * 12), 1e-6);
  CHECK_NEAR(all, 1.416e6, 1e3);  // with what one layer has for all of them
  CHECK_NEAR(bytes_of_token(cpu, config, Dtype::bf16), 3.636e6, 1e3);
  CHECK_NEAR(bytes_of_token(plan_of(true, true), config, Dtype::bf16), 2.710e6, 1e3);
  // Of a layer that is made again as a whole x alone is kept.
  const ActivationPlan least = with_recompute(gpu, Recompute::full), most = with_recompute(gpu, Recompute::none);
  const double whole = bytes_of_token(least, config, Dtype::bf16);
  CHECK_NEAR(whole - bytes_of_token(least, shorter, Dtype::bf16), 2 * 1536, 1e-6);
  CHECK(whole < 0.2e6);
  // Nothing is made again: norms and product are kept beside.
  CHECK_NEAR(bytes_of_token(most, config, Dtype::bf16) - bytes_of_token(most, shorter, Dtype::bf16) - layer,
             2 * (2 * 1536 + 8960), 1e-6);

  // Any model can be laid out by it.
  for (Family family : kFamilies)
    for (Dtype dtype : {Dtype::f32, Dtype::bf16})
      CHECK(bytes_of_token(smallest_plan(dtype), tiny_config(family), dtype) <
            bytes_of_token(cpu, tiny_config(family), dtype));
}

TEST("activation plan: the memory plan counts what the device keeps") {
  EngineOptions options;
  options.threads = 2;
  const PlannedRun run{{}, {4, 3, 20, 38, 0}, 0, false};
  auto planned = [&] { return plan_memory(tiny_config(Family::llama), options, run).take().total; };
  const int64_t kept = planned();
  options.activations = plan_of(true, true);
  const int64_t less = planned();
  CHECK(less < kept);
  auto engine = Engine::create(tiny_config(Family::llama), 5, options).take();
  TrainSettings s;
  s.loss.type = find_loss("dapo");
  CHECK(engine->train_step(test_batch(4, 3, 97).view(), s, {}).ok());
  CHECK(engine->info().resident_bytes <= less);
}

TEST("activation plan: rows of a micro-batch follow a GPU's memory, and a CPU's caches") {
  constexpr int64_t kRow = 1'450'000;  // Qwen2.5-1.5B in bfloat16
  DeviceTraits cpu{}, h200{}, small{};
  h200.memory = 150'754'000'000;
  small.memory = 24'000'000'000;
  CHECK_EQ(chosen_micro_batch(h200, kRow), 16384);
  CHECK_EQ(chosen_micro_batch(small, kRow), 24'000'000'000 / 5 / kRow);
  // Cards of one kind, under another driver: the same rows, so the same bits.
  small.memory += 300'000'000;
  CHECK_EQ(chosen_micro_batch(small, kRow), 24'000'000'000 / 5 / kRow);
  CHECK_EQ(chosen_micro_batch(small, int64_t{1} << 40), 64);
  CHECK_EQ(chosen_micro_batch(cpu, kRow), 1024);
  CHECK_EQ(chosen_micro_batch(cpu, 1000), (int64_t{64} << 20) / 1000);
}

TEST("activation plan: a CPU refuses types that its kernels do not read, and what cannot be recomputed") {
  auto refusal = [](const ActivationPlan& plan) {
    EngineOptions options;
    options.dtype = Dtype::bf16;
    options.activations = plan;
    return Engine::create(tiny_config(Family::llama), 5, options).status();
  };
  Dtype ActivationPlan::*const types[] = {&ActivationPlan::stream, &ActivationPlan::qkv, &ActivationPlan::gate_up,
                                          &ActivationPlan::branch};
  for (Dtype ActivationPlan::*type : types) {
    ActivationPlan plan;
    plan.*type = Dtype::bf16;
    CHECK_EQ(refusal(plan).code(), std::string("INVALID_ARGUMENT"));
  }
  CHECK_EQ(refusal(smallest_plan(Dtype::bf16)).message(),
           std::string("a CPU keeps the residual stream in float32 alone"));
  ActivationPlan at_the_end = plan_of(true, false);
  at_the_end.gradients_by_layer = false;
  CHECK_EQ(refusal(at_the_end).code(), std::string("INVALID_ARGUMENT"));
  EngineOptions options;
  options.activations = smallest_plan(Dtype::f32);
  CHECK(Engine::create(tiny_config(Family::llama), 5, options).ok());
}

}  // namespace glossa::test
