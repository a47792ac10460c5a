// `glossa-native bench engine --model NAME`: the shape of a published model (tool/model_shapes.h; 0.5b is that of
// Qwen2.5-0.5B) with random weights. Decode beside the bound of a step, max(bytes / memory rate, flops / rate), where
// weights, prompts' and completions' keys and values are read once; an optimizer step beside the rate of the same type;
// a whole GRPO step where it is asked for. Both rates are measured in the same run. The operations of training are
// 6 x parameters of the weight matrices x tokens (TrainMetrics::flops): attention is not among them.
#include "tool/bench_large.h"

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "engine/engine.h"
#include "engine/test_models.h"
#include "tool/bench.h"
#include "tool/ceilings.h"
#include "tool/compare.h"
#include "tool/model_shapes.h"

namespace glossa::tool {
namespace {

// Prompts with a group of completions each, all of the same length.
struct Batch {
  int64_t prompts, group, prompt, fresh;
  int64_t rows() const { return prompts * group; }
};
std::string sizes_json(const Batch& b) {
  return "\"prompts\":" + std::to_string(b.prompts) + ",\"completions\":" + std::to_string(b.rows()) +
         ",\"prompt\":" + std::to_string(b.prompt) + ",\"new_tokens\":" + std::to_string(b.fresh);
}
struct Sizes {
  Batch decode, train, step;
};
constexpr Sizes kCpu = {{4, 8, 32, 16}, {2, 8, 32, 64}, {2, 8, 32, 64}};
// Decode at a context of about 1024, training on sequences of 768 that share nothing.
constexpr Sizes kGpu = {{16, 16, 960, 128}, {64, 1, 256, 512}, {64, 16, 256, 512}};
constexpr Sizes kSmall = {{2, 2, 5, 3}, {2, 2, 5, 7}, {2, 2, 5, 4}};

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

GenerateRequest request(const test::IdLists& prompts, const Batch& b) {
  GenerateRequest r;
  r.prompts = prompts.view();
  r.num_generations = b.group;
  r.max_new_tokens = static_cast<int32_t>(b.fresh);
  r.sampling = {1, 0, 1, 0, 1};
  return r;
}
test::IdLists prompts_of(const Batch& b, int64_t vocab) {
  test::IdLists prompts;
  for (int64_t i = 0; i < b.prompts; ++i) prompts.add(test::random_ids(static_cast<uint32_t>(i), b.prompt, vocab));
  return prompts;
}
TrainSettings train_settings(int64_t micro_batch) {
  TrainSettings settings;
  settings.loss = {find_loss("dapo"), 0.2f, 0.2f, 0};
  settings.learning_rate = 1e-6f;
  settings.micro_batch_tokens = micro_batch;
  return settings;
}

std::string bench_decode(Engine& engine, Dtype dtype, const Ceilings& ceiling, const Batch& b, int reps, int32_t looks,
                         bool json) {
  const EngineInfo info = engine.info();
  test::IdLists prompts = prompts_of(b, info.vocab);
  GenerateRequest r = request(prompts, b);
  r.looks = looks;
  r.slots = static_cast<int32_t>(b.rows());
  Rollout best;
  for (int i = 0; i < reps; ++i) {
    prompts.renew(info.vocab);
    Rollout now = take(engine.generate(r, {}));
    if (i == 0 || now.decode_seconds < best.decode_seconds) best = std::move(now);
  }
  const double n = static_cast<double>(info.matmul_parameters), slots = static_cast<double>(b.rows());
  const double step = best.decode_seconds / static_cast<double>(b.fresh),
               each = static_cast<double>(dtype_bytes(dtype));
  const double keys = static_cast<double>(b.prompts * b.prompt) + slots * static_cast<double>(b.fresh) / 2;
  const double key = 2 * each * static_cast<double>(info.layers * engine.config().qkv_shape().kv_width());
  const double weights = n * each / ceiling.bytes, cached = keys * key / ceiling.bytes;
  const double compute = 2 * n * slots / ceiling.flops, bound = std::max(weights + cached, compute);
  if (!json)
    std::printf(
        "  decode     %9.1f tokens/s at %d slots, context %ld, %.2f ms a step; bound %.2f ms (weights %.2f, keys and "
        "values %.2f, arithmetic %.2f): %.1f %%\n      prefill of %ld x %ld tokens %.1f ms\n",
        slots / step, r.slots, static_cast<long>(b.prompt + b.fresh / 2), 1e3 * step, 1e3 * bound, 1e3 * weights,
        1e3 * cached, 1e3 * compute, 100 * bound / step, static_cast<long>(b.prompts), static_cast<long>(b.prompt),
        1e3 * best.prefill_seconds);
  char text[320];
  std::snprintf(text, sizeof text,
                "{\"what\":\"decode\",%s,\"context\":%ld,\"tokens_per_s\":%.1f,\"step_ms\":%.3f,\"bound_ms\":"
                "%.3f,\"percent_of_bound\":%.1f,\"prefill_ms\":%.1f}",
                sizes_json(b).c_str(), static_cast<long>(b.prompt + b.fresh / 2), slots / step, 1e3 * step, 1e3 * bound,
                100 * bound / step, 1e3 * best.prefill_seconds);
  return text;
}

std::string bench_train(Engine& engine, const Ceilings& ceiling, const Batch& b, int64_t micro_batch, int reps,
                        bool json) {
  const int64_t vocab = engine.info().vocab;
  test::TestBatch batch;
  for (int64_t p = 0; p < b.prompts; ++p)
    for (int64_t g = 0; g < b.group; ++g) {
      batch.prompts.add(test::random_ids(static_cast<uint32_t>(p), b.prompt, vocab));
      batch.completions.add(test::random_ids(static_cast<uint32_t>(100 + p * b.group + g), b.fresh, vocab));
      batch.advantages.push_back((p + g) % 2 ? 1.0f : -1.0f);
    }
  const TrainSettings settings = train_settings(micro_batch);
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
  char text[320];
  std::snprintf(
      text, sizeof text,
      "{\"what\":\"train\",%s,\"tokens_per_s\":%.1f,\"seconds\":%.3f,\"gflop\":%.1f,\"percent_of_rate\":%.1f}",
      sizes_json(b).c_str(), rows / best, best, m.flops / 1e9, percent);
  return text;
}

// Completions of the greatest length, then a step on them.
std::string bench_step(Engine& engine, const Batch& b, int64_t micro_batch, bool json) {
  test::IdLists prompts = prompts_of(b, engine.info().vocab);
  GenerateRequest r = request(prompts, b);
  r.keep_prompts = false;  // as in training
  const double start = now(Watch::wall);
  const Rollout rollout = take(engine.generate(r, {}));
  const double sampling = now(Watch::wall) - start;
  const test::TestBatch batch = test::batch_of(rollout);
  const TrainMetrics m = take(engine.train_step(batch.view(), train_settings(micro_batch), {}));
  const double seconds = now(Watch::wall) - start, fresh = static_cast<double>(rollout.completion_ids.size());
  if (!json)
    std::printf(
        "  step       %9.3f s of %ld x %ld completions of %ld + %ld tokens: %.1f new tokens/s\n      prefill %.3f s, "
        "decode %.3f, forward %.3f, backward %.3f, optimizer %.3f, %ld micro-batches, largest |logp difference| %g\n",
        seconds, static_cast<long>(b.prompts), static_cast<long>(b.group), static_cast<long>(b.prompt),
        static_cast<long>(b.fresh), fresh / seconds, rollout.prefill_seconds, rollout.decode_seconds, m.forward_seconds,
        m.backward_seconds, m.optimizer_seconds, static_cast<long>(m.micro_batches), m.logp_max_abs_diff);
  char text[320];
  std::snprintf(
      text, sizeof text,
      "{\"what\":\"step\",%s,\"seconds\":%.3f,\"tokens_per_s\":%.1f,\"sampling_seconds\":%.3f,\"train_seconds\":"
      "%.3f,\"logp_max_abs_diff\":%g}",
      sizes_json(b).c_str(), seconds, fresh / seconds, sampling, seconds - sampling, m.logp_max_abs_diff);
  return text;
}

}  // namespace

int bench_large(const Args& args) {
  const std::string what = args.text("--what"), name = args.text("--model");
  const bool json = args.has("--json"), small = args.has("--small");
  const ModelShape* published = find_shape(name == "0.5b" ? "qwen2.5-0.5b" : name);
  if (!published) {
    std::fprintf(stderr, "--model %s: expected 1m, 10m, 100m, grpo or one of %s\n", name.c_str(),
                 shape_names().c_str());
    return 2;
  }
  const ModelShape* shape = small ? find_shape("tiny") : published;
  if (what == "sample") {
    std::fprintf(stderr, "--what sample: expected decode, train, step or all for the shape of a published model\n");
    return 2;
  }
  for (const char* other : {"--lora", "--slots"})
    if (args.has(other)) {
      std::fprintf(stderr, "%s: of the models made for benches alone, not of the shapes of published ones\n", other);
      return 2;
    }
  EngineOptions options;
  options.dtype = args.text("--dtype", "bf16") == "f32" ? Dtype::f32 : Dtype::bf16;
  options.threads = args.number("--threads", 0);
  options.isa = args.text("--isa");
  options.device_name = args.text("--device");
  const std::string recompute = args.text("--recompute", "device");
  if (recompute == "none") options.recompute = Recompute::none;
  if (recompute == "cheap") options.recompute = Recompute::cheap;
  if (recompute == "full") options.recompute = Recompute::full;
  const int reps = args.number("--reps", 2);
  const bool cpu = chosen_device(options.device()) == "cpu";
  Sizes sizes = small ? kSmall : cpu ? kCpu : kGpu;
  sizes.decode.fresh = args.number("--fresh", static_cast<int32_t>(sizes.decode.fresh));
  const int32_t looks = args.number("--looks", 0);
  const int64_t micro_batch = args.number("--micro-batch", 0);
  const Ceilings ceiling = take(measure_ceilings(options));
  const double start = now(Watch::wall);
  std::unique_ptr<Engine> engine = take(Engine::create(config_of(*shape), 1, options));
  const EngineInfo info = engine->info();
  const double made = now(Watch::wall) - start;
  if (!json)
    std::printf("%s: %.1f M parameters, %s (%s), %s, %d threads, made in %.1f s; %.1f GFLOP/s, %.1f GB/s %s\n",
                shape->name, 1e-6 * static_cast<double>(info.parameters), info.device.c_str(), info.isa.c_str(),
                info.dtype.c_str(), info.threads, made, ceiling.flops / 1e9, ceiling.bytes / 1e9,
                cpu ? "read" : "copied");
  std::string results;
  auto add = [&](const std::string& result) { results += (results.empty() ? "" : ",") + result; };
  const bool all = what == "all";
  if (what.empty() || all || what == "decode")
    add(bench_decode(*engine, options.dtype, ceiling, sizes.decode, reps, looks, json));
  if (what.empty() || all || what == "train") add(bench_train(*engine, ceiling, sizes.train, micro_batch, reps, json));
  if (all || what == "step") add(bench_step(*engine, sizes.step, micro_batch, json));
  if (!json) std::printf("  peak memory of the host %.2f GB\n", peak_rss_gb());
  char about[512];
  std::snprintf(
      about, sizeof about,
      "{\"bench\":\"engine\",\"model\":\"%s\",\"small\":%s,\"device\":\"%s\",\"card\":\"%s\",\"dtype\":\"%s\","
      "\"threads\":%d,\"recompute\":\"%s\",\"looks\":%d,\"micro_batch\":%ld,\"gflops\":%.1f,\"gb_per_s\":%.1f,\"peak_"
      "rss_gb\":%.2f,\"results\":[",
      shape->name, small ? "true" : "false", info.device.c_str(), info.isa.c_str(), info.dtype.c_str(), info.threads,
      recompute.c_str(), looks, static_cast<long>(micro_batch), ceiling.flops / 1e9, ceiling.bytes / 1e9,
      peak_rss_gb());
  return conclude(args, about + results + "]}");
}

}  // namespace glossa::tool
