// `glossa-native bench engine --model 0.5b [--dtype f32|bf16] [--threads n] [--what decode|train] [--fresh n]
// [--reps n] [--json]`: the shape of Qwen2.5-0.5B with random weights. Decode at 32 slots beside the bound of a step,
// max(bytes / read bandwidth, flops / multiply-add rate), the weights read once; a GRPO step of 2 prompts x 8
// completions x (32 + 64) tokens beside the rate of the same type; both ceilings measured in the same run.
#include "tool/bench_large.h"

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "engine/engine.h"
#include "engine/test_models.h"
#include "model/families.h"
#include "ops/kernels.h"
#include "tool/bench.h"

namespace glossa::tool {
namespace {

constexpr int64_t kPrompt = 32, kGroup = 8;
constexpr int64_t kDecodePrompts = 4;                   // x 8 completions: 32 slots
constexpr int64_t kTrainPrompts = 2, kCompletion = 64;  // x 8 completions

ModelConfig qwen2_half_billion() {
  ModelConfig c{};
  c.family = Family::qwen2;
  c.block = family_row(c.family).block;
  c.hidden = 896;
  c.layers = 24;
  c.heads = 14;
  c.kv_heads = 2;
  c.head_dim = 64;
  c.ffn = 4864;
  c.vocab = 151936;
  c.context = 32768;
  c.rms_eps = 1e-6f;
  c.tied = true;
  c.rope = {RopeType::plain, 1e6, 1, 1, 4, 32768};
  c.initializer_range = 0.02f;
  return c;
}

struct Ceilings {
  double flops, bytes;  // a second, all threads together
};

Ceilings measure_ceilings(const EngineInfo& info, Dtype dtype) {
  const Kernels& kernels = *kernels_for(info.isa).value();
  Ceilings c{};
  for (int i = 0; i < 5; ++i) c.flops = std::max(c.flops, measured_peak_flops(kernels, dtype, info.threads));
  c.bytes = measured_read_bandwidth(kernels, info.threads);
  return c;
}

double peak_rss_gb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e9;
}

template <class T>
T take(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s: %s\n", result.status().code().c_str(), result.status().message().c_str());
    std::exit(1);
  }
  return result.take();
}

std::string bench_decode(Engine& engine, Dtype dtype, const Ceilings& ceiling, int32_t fresh, int reps, bool json) {
  const EngineInfo info = engine.info();
  test::IdLists prompts;
  for (int64_t i = 0; i < kDecodePrompts; ++i)
    prompts.add(test::random_ids(static_cast<uint32_t>(i), kPrompt, info.vocab));
  GenerateRequest r;
  r.prompts = prompts.view();
  r.num_generations = kGroup;
  r.max_new_tokens = fresh;
  r.sampling = {1, 0, 1, 0, 1};
  r.slots = static_cast<int32_t>(kDecodePrompts * kGroup);
  Rollout best;
  for (int i = 0; i < reps; ++i) {
    prompts.renew(info.vocab);
    Rollout now = take(engine.generate(r, {}));
    if (i == 0 || now.decode_seconds < best.decode_seconds) best = std::move(now);
  }
  const double n = static_cast<double>(info.matmul_parameters), slots = static_cast<double>(r.slots);
  const double step = best.decode_seconds / fresh;
  const double memory = n * static_cast<double>(dtype_bytes(dtype)) / ceiling.bytes;
  const double compute = 2 * n * slots / ceiling.flops, bound = std::max(memory, compute);
  if (!json)
    std::printf(
        "  decode     %9.1f tokens/s at %d slots, %.1f ms a step; bound %.1f ms (weights %.1f, arithmetic %.1f): "
        "%.1f %%\n      prefill of %d x %d tokens %.1f ms\n",
        slots / step, r.slots, 1e3 * step, 1e3 * bound, 1e3 * memory, 1e3 * compute, 100 * bound / step,
        static_cast<int>(kDecodePrompts), static_cast<int>(kPrompt), 1e3 * best.prefill_seconds);
  char text[256];
  std::snprintf(text, sizeof text,
                "{\"what\":\"decode\",\"slots\":%d,\"tokens_per_s\":%.1f,\"step_ms\":%.2f,\"bound_ms\":%.2f,"
                "\"percent_of_bound\":%.1f}",
                r.slots, slots / step, 1e3 * step, 1e3 * bound, 100 * bound / step);
  return text;
}

std::string bench_train(Engine& engine, const Ceilings& ceiling, int64_t micro_batch, int reps, bool json) {
  const int64_t vocab = engine.info().vocab;
  test::TestBatch batch;
  for (int64_t p = 0; p < kTrainPrompts; ++p)
    for (int64_t g = 0; g < kGroup; ++g) {
      batch.prompts.add(test::random_ids(static_cast<uint32_t>(p), kPrompt, vocab));
      batch.completions.add(test::random_ids(static_cast<uint32_t>(100 + p * kGroup + g), kCompletion, vocab));
      batch.advantages.push_back(g % 2 ? 1.0f : -1.0f);
    }
  TrainSettings settings;
  settings.loss = {find_loss("dapo"), 0.2f, 0.2f, 0};
  settings.learning_rate = 1e-6f;
  settings.micro_batch_tokens = micro_batch;
  TrainMetrics m;
  double best = 0;
  for (int i = 0; i < reps; ++i) {
    const double start = now(Watch::wall);
    TrainMetrics got = take(engine.train_step(batch.view(), settings, {}));
    const double seconds = now(Watch::wall) - start;
    if (i == 0 || seconds < best) {
      best = seconds;
      m = got;
    }
  }
  const double percent = 100 * m.flops / (best * ceiling.flops);
  const double rows = static_cast<double>(m.tokens);
  if (!json)
    std::printf(
        "  train      %9.1f tokens/s (%.0f rows computed, %.0f new tokens), %.3f s a step, %.1f GFLOP: %.1f %% of "
        "the rate\n      forward %.0f ms, backward %.0f ms, optimizer %.0f ms, other %.0f ms, %ld micro-batches\n",
        rows / best, rows, static_cast<double>(m.loss_tokens), best, m.flops / 1e9, percent, 1e3 * m.forward_seconds,
        1e3 * m.backward_seconds, 1e3 * m.optimizer_seconds,
        1e3 * (best - m.forward_seconds - m.backward_seconds - m.optimizer_seconds),
        static_cast<long>(m.micro_batches));
  char text[256];
  std::snprintf(text, sizeof text,
                "{\"what\":\"train\",\"tokens_per_s\":%.1f,\"seconds\":%.3f,\"gflop\":%.1f,\"percent_of_rate\":%.1f}",
                rows / best, best, m.flops / 1e9, percent);
  return text;
}

}  // namespace

int bench_large(const Args& args) {
  const std::string what = option(args, "--what", "");
  const bool json = has_flag(args, "--json");
  EngineOptions options;
  options.dtype = option(args, "--dtype", "bf16") == "f32" ? Dtype::f32 : Dtype::bf16;
  options.threads = std::atoi(option(args, "--threads", "0").c_str());
  options.isa = option(args, "--isa", "");
  const int reps = std::max(1, std::atoi(option(args, "--reps", "2").c_str()));
  const int32_t fresh = std::max(1, std::atoi(option(args, "--fresh", "16").c_str()));
  const double start = now(Watch::wall);
  std::unique_ptr<Engine> engine = take(Engine::create(qwen2_half_billion(), 1, options));
  const EngineInfo info = engine->info();
  const double made = now(Watch::wall) - start;
  const Ceilings ceiling = measure_ceilings(info, options.dtype);
  if (!json)
    std::printf("0.5b: %.1f M parameters, %s, %s, %d threads, made in %.1f s; %.1f GFLOP/s, %.1f GB/s read\n",
                1e-6 * static_cast<double>(info.parameters), info.isa.c_str(), info.dtype.c_str(), info.threads, made,
                ceiling.flops / 1e9, ceiling.bytes / 1e9);
  std::string results;
  if (what != "train") results = bench_decode(*engine, options.dtype, ceiling, fresh, reps, json);
  if (what != "decode")
    results += (results.empty() ? "" : ",") +
               bench_train(*engine, ceiling, std::atoi(option(args, "--micro-batch", "0").c_str()), reps, json);
  if (!json) std::printf("  peak memory %.2f GB\n", peak_rss_gb());
  std::printf(
      "{\"bench\":\"engine\",\"model\":\"0.5b\",\"dtype\":\"%s\",\"threads\":%d,\"gflops\":%.1f,\"gb_per_s\":%.1f,"
      "\"peak_rss_gb\":%.2f,\"results\":[%s]}\n",
      info.dtype.c_str(), info.threads, ceiling.flops / 1e9, ceiling.bytes / 1e9, peak_rss_gb(), results.c_str());
  return 0;
}

}  // namespace glossa::tool
