// `glossa-native bench engine`: training, sampling and a whole GRPO step, beside the multiply-add peak of as many
// threads (or the product of a GPU) measured in the same run. Training counts 6 N flops a token and sampling 2 N, N the
// parameters of the weight matrices (the head once). Models that were published: tool/bench_large.cc.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iterator>

#include "base/thread_pool.h"
#include "engine/engine.h"
#include "engine/test_models.h"
#include "model/families.h"
#include "ops/kernels.h"
#include "tool/bench.h"
#include "tool/bench_large.h"
#include "tool/ceilings.h"
#include "tool/command.h"
#include "tool/compare.h"

namespace glossa::tool {
namespace {

struct Shape {
  const char* name;
  int64_t hidden, layers, heads, kv_heads, ffn, vocab;
  int64_t train_rows, train_tokens;  // a training batch
  int64_t sequences, prompt, fresh;  // a sampling batch
};
const Shape kShapes[] = {
    {"tiny", 64, 4, 4, 2, 192, 400, 64, 96, 256, 32, 64},
    {"1m", 128, 4, 4, 4, 384, 1000, 64, 96, 256, 32, 64},
    {"10m", 320, 8, 5, 5, 896, 2000, 32, 96, 256, 32, 64},
    {"100m", 768, 12, 12, 12, 2048, 16000, 8, 128, 64, 32, 8},
};
// TRL's peer: 32 prompts of 32 tokens, 8 completions of 48 each.
const Shape kGrpo = {"grpo", 128, 4, 4, 2, 384, 1000, 0, 0, 256, 32, 48};

ModelConfig config_of(const Shape& s) {
  ModelConfig c{};
  c.family = Family::llama;
  c.block = family_row(c.family).block;
  c.hidden = s.hidden;
  c.layers = s.layers;
  c.heads = s.heads;
  c.kv_heads = s.kv_heads;
  c.head_dim = s.hidden / s.heads;
  c.ffn = s.ffn;
  c.vocab = s.vocab;
  c.context = 512;
  c.rms_eps = 1e-6f;
  c.tied = true;
  c.rope = {RopeType::plain, 10000.0, 1, 1, 4, 512};
  c.initializer_range = 0.05f;
  return c;
}

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Multiply-adds a second of one thread by the time it had its core, for machines that others use too.
double peak_by_cpu(const Kernels& kernels) {
  double best = 0;
  float sink = 0;
  for (int i = 0; i < 20; ++i) {
    const double start = now(Watch::thread), flops = kernels.peak->multiply_add(Dtype::f32, 20000, &sink);
    best = std::max(best, flops / (now(Watch::thread) - start));
  }
  return best;
}

// Median and best on the wall clock, and the processor time that a run took: what other programs on the machine cost
// shows in the first, not in the second.
struct Runs {
  double median, best, cpu;
};
template <class Body>
Runs repeat(int reps, const Body& body) {
  std::vector<double> wall, cpu;
  body();
  for (int i = 0; i < reps; ++i) {
    const double start = now(Watch::wall), used = cpu_seconds();
    body();
    wall.push_back(now(Watch::wall) - start);
    cpu.push_back(cpu_seconds() - used);
  }
  std::sort(wall.begin(), wall.end());
  std::sort(cpu.begin(), cpu.end());
  return {wall[wall.size() / 2], wall[0], cpu[cpu.size() / 2]};
}

test::IdLists distinct_rows(int64_t rows, int64_t length, int64_t vocab, int64_t each = 1) {
  test::IdLists out;
  for (int64_t i = 0; i < rows; ++i) out.add(test::random_ids(static_cast<uint32_t>(i / each), length, vocab));
  return out;
}

class EngineBench {
 public:
  EngineBench(Engine& engine, const Shape& shape, int reps, double peak, double cpu_peak, bool json)
      : engine_(engine),
        s_(shape),
        reps_(reps),
        peak_(peak),
        cpu_peak_(cpu_peak),
        json_(json),
        n_(static_cast<double>(engine.info().matmul_parameters)) {}

  void train() {
    const test::IdLists prompts = distinct_rows(s_.train_rows, 1, s_.vocab);
    test::IdLists rest;
    for (int64_t i = 0; i < s_.train_rows; ++i)
      rest.add(test::random_ids(static_cast<uint32_t>(10000 + i), s_.train_tokens, s_.vocab));
    TrainBatch batch;
    batch.sequences = {prompts.view(), rest.view()};
    TrainSettings settings;
    settings.loss.type = find_loss("supervised");
    settings.learning_rate = 1e-4f;
    settings.micro_batch_tokens = micro_batch_tokens;
    TrainMetrics last;
    const Runs runs = repeat(reps_, [&] { last = take(engine_.train_step(batch, settings, {})); });
    line("train", static_cast<double>(s_.train_rows * s_.train_tokens), 6 * n_, runs);
    if (!json_)
      std::printf("      forward %.1f ms, backward %.1f ms, optimizer %.1f ms, %ld micro-batches\n",
                  1e3 * last.forward_seconds, 1e3 * last.backward_seconds, 1e3 * last.optimizer_seconds,
                  static_cast<long>(last.micro_batches));
  }

  void sample() {
    test::IdLists prompts = distinct_rows(s_.sequences, s_.prompt, s_.vocab);
    GenerateRequest r = request(prompts, 1);
    Rollout last;
    const Runs runs = repeat(reps_, [&] {
      prompts.renew(s_.vocab);
      last = take(engine_.generate(r, {}));
    });
    line("sample", static_cast<double>(s_.sequences * s_.fresh), 2 * n_, runs);
    if (!json_)
      std::printf("      prefill %.1f ms, decode %.1f ms\n", 1e3 * last.prefill_seconds, 1e3 * last.decode_seconds);
  }

  void grpo(int64_t group) {
    const test::IdLists prompts = distinct_rows(s_.sequences / group, s_.prompt, s_.vocab);
    GenerateRequest r = request(prompts, group);
    TrainSettings settings;
    settings.loss = {find_loss("dapo"), 0.2f, 0.2f, 0};
    settings.learning_rate = 1e-4f;
    settings.micro_batch_tokens = micro_batch_tokens;
    double sampling = 0;
    TrainMetrics last;
    const Runs runs = repeat(reps_, [&] {
      const double start = now(Watch::wall);
      const Rollout rollout = take(engine_.generate(r, {}));
      sampling = now(Watch::wall) - start;
      test::TestBatch b = test::batch_of(rollout);
      last = take(engine_.train_step(b.view(), settings, {}));
      ++r.step;
    });
    const double rows = static_cast<double>(s_.sequences * s_.fresh);
    line("grpo step", rows, 2 * n_ + last.flops / rows, runs);
    if (!json_)
      std::printf(
          "      sampling %.1f ms, forward %.1f, backward %.1f, optimizer %.1f ms; %ld rows of %ld + %ld tokens\n",
          1e3 * sampling, 1e3 * last.forward_seconds, 1e3 * last.backward_seconds, 1e3 * last.optimizer_seconds,
          static_cast<long>(s_.sequences), static_cast<long>(s_.prompt), static_cast<long>(s_.fresh));
  }

  const std::string& results() const { return results_; }

 private:
  template <class T>
  T take(Result<T> result) {
    if (!result.ok()) {
      std::fprintf(stderr, "%s: %s\n", result.status().code().c_str(), result.status().message().c_str());
      std::abort();
    }
    return result.take();
  }
  GenerateRequest request(const test::IdLists& prompts, int64_t group) {
    GenerateRequest r;
    r.prompts = prompts.view();
    r.num_generations = group;
    r.max_new_tokens = static_cast<int32_t>(s_.fresh);
    r.sampling = {1, 0, 1, 0, 1};
    r.keep_prompts = false;  // as in training
    r.slots = slots;
    return r;
  }
  void line(const char* what, double tokens, double flops_of_token, const Runs& runs) {
    const int threads = engine_.info().threads;
    const double of_peak = 100 * tokens * flops_of_token / (runs.median * peak_);
    const double of_cpu = cpu_peak_ > 0 ? 100 * tokens * flops_of_token / (runs.cpu * cpu_peak_) : 0;
    if (!json_)
      std::printf("  %-10s %9.0f tokens/s (best %.0f)  %.3f s  %5.1f %% of the peak, %5.1f %% by processor time\n",
                  what, tokens / runs.median, tokens / runs.best, runs.median, of_peak, of_cpu);
    char text[512];
    std::snprintf(text, sizeof text,
                  "%s{\"model\":\"%s\",\"what\":\"%s\",\"dtype\":\"%s\",\"threads\":%d,\"parameters\":%ld,\"matmul_"
                  "parameters\":%.0f,"
                  "\"tokens_per_s\":%.1f,\"best_tokens_per_s\":%.1f,\"seconds\":%.5f,\"peak_gflops\":%.2f,\"percent_of_"
                  "peak\":%.2f,"
                  "\"percent_by_cpu_time\":%.2f}",
                  results_.empty() ? "" : ",", s_.name, what, engine_.info().dtype.c_str(), threads,
                  static_cast<long>(engine_.info().parameters), n_, tokens / runs.median, tokens / runs.best,
                  runs.median, peak_ / 1e9, of_peak, of_cpu);
    results_ += text;
  }

  Engine& engine_;
  const Shape& s_;
  const int reps_;
  const double peak_, cpu_peak_;
  const bool json_;
  const double n_;
  std::string results_;

 public:
  int32_t slots = 0;
  int64_t micro_batch_tokens = 0;
};

}  // namespace
}  // namespace glossa::tool

COMMAND("bench engine",
        "[--model name] [--what decode|train|step|sample|all] [--device name] [--dtype f32|bf16] [--small] [--fresh n] "
        "[--looks n] [--recompute none|cheap|full] [--slots n] [--lora n] [--micro-batch n] [--reps n] [--threads n] "
        "[--isa name] [--compare FILE] [--allow] [--json]",
        "whole steps, of models with random weights; those of published shapes compute in bf16 and take --what decode, "
        "train, step or all (default: decode and train), --small, --fresh (tokens of decode), --looks and --recompute; "
        "those made for benches (tiny, 1m, 10m, 100m, grpo; default: all but 100m) compute in f32 and take --what "
        "sample, train or all (default), --slots and --lora (the rank)") {
  using namespace glossa;
  using namespace glossa::tool;
  if (Status s = check_earlier(args); !s.ok()) {
    std::fprintf(stderr, "%s: %s\n", s.code().c_str(), s.message().c_str());
    return 2;
  }
  const std::string model = args.text("--model"), what = args.text("--what", "all");
  const auto named = [&](const Shape& s) { return model == s.name; };
  if (!model.empty() && model != kGrpo.name && std::none_of(std::begin(kShapes), std::end(kShapes), named))
    return bench_large(args);
  for (const char* other : {"--small", "--fresh", "--looks", "--recompute"})
    if (args.has(other)) {
      std::fprintf(stderr, "%s: of the shapes of published models alone, which --model names\n", other);
      return 2;
    }
  if ((what != "all" && what != "sample" && what != "train") || (model == kGrpo.name && what != "all")) {
    std::fprintf(stderr, "--what %s: expected %s\n", what.c_str(),
                 model == kGrpo.name ? "nothing, or all: grpo is timed as whole steps" : "sample, train or all");
    return 2;
  }
  const bool json = args.has("--json");
  EngineOptions options;
  options.dtype = args.text("--dtype", "f32") == "bf16" ? Dtype::bf16 : Dtype::f32;
  options.threads = args.number("--threads", 0);
  options.isa = args.text("--isa");
  options.device_name = args.text("--device");
  const int rank = args.number("--lora", 0);
  if (rank > 0) options.lora = {rank, 2.0 * rank, false, {"all-linear"}, 1};
  // The float32 peak is the ceiling of both types: bfloat16 may pass it.
  EngineOptions float32 = options;
  float32.dtype = Dtype::f32;
  const Result<Ceilings> ceilings = measure_ceilings(float32);
  if (!ceilings.ok()) {
    std::fprintf(stderr, "%s: %s\n", ceilings.status().code().c_str(), ceilings.status().message().c_str());
    return 1;
  }
  const double peak = ceilings.value().flops;
  // A GPU's work takes no processor time.
  const bool cpu = chosen_device(options.device()) == "cpu";
  const int reps = args.number("--reps", 5);
  std::string results;
  auto run = [&](const Shape& shape, bool grpo) {
    Result<std::unique_ptr<Engine>> engine = Engine::create(config_of(shape), 1, options);
    if (!engine.ok()) {
      std::fprintf(stderr, "%s\n", engine.status().message().c_str());
      return false;
    }
    const EngineInfo info = engine.value()->info();
    if (!json)
      std::printf("%s: %.2f M parameters, %s, %s, %d threads, float32 peak %.1f GFLOP/s\n", shape.name,
                  1e-6 * static_cast<double>(info.parameters), info.isa.c_str(), info.dtype.c_str(), info.threads,
                  peak / 1e9);
    EngineBench bench(*engine.value(), shape, reps, peak, cpu ? peak_by_cpu(*kernels_for(info.isa).value()) : 0, json);
    bench.slots = args.number("--slots", 0);
    bench.micro_batch_tokens = args.number("--micro-batch", 0);
    if (grpo) {
      bench.grpo(8);
    } else {
      if (what != "sample") bench.train();
      if (what != "train") bench.sample();
    }
    results += (results.empty() ? "" : ",") + bench.results();
    return true;
  };
  for (const Shape& shape : kShapes)
    if (model.empty() ? std::string(shape.name) != "100m" : model == shape.name)
      if (!run(shape, false)) return 1;
  if ((model.empty() && what == "all") || model == kGrpo.name)
    if (!run(kGrpo, true)) return 1;
  return conclude(args, "{\"bench\":\"engine\",\"device\":\"" + chosen_device(options.device()) +
                            "\",\"lora\":" + std::to_string(rank) + ",\"results\":[" + results + "]}");
}
