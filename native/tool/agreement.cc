// `glossa-native agreement`: on the shape of a real model with random weights, that the sampler and the trainer compute
// the same bits. Completions of mixed lengths are drawn with several numbers of slots and orders of admission, and
// tokens that the host waits for, so that each meets other neighbours and other numbers of rows; log-probabilities are
// computed in micro-batches of several sizes; a training step says how far its own lie from the sampler's. All must be
// equal, bit for bit; then once more with the weights that the step left.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "engine/test_models.h"
#include "tool/bench.h"
#include "tool/command.h"
#include "tool/model_shapes.h"

namespace glossa::tool {
namespace {

constexpr int64_t kGroup = 4;
constexpr int32_t kLongest = 160;
constexpr int64_t kStopEvery = 128;  // ids, one of which ends a completion
struct Way {
  int32_t slots, look_every, looks;  // 0: what the engine would choose
};
constexpr Way kWays[] = {{0, 0, 0}, {100, 8, 1}, {37, 3, 3}, {17, 1, 1}};
constexpr int64_t kMicroBatches[] = {0, 1, 700, 5000};

uint32_t bits(float x) {
  return __builtin_bit_cast(uint32_t, x);
}

class Agreement {
 public:
  Agreement(Engine& engine, int64_t completions, bool quiet) : engine_(engine), quiet_(quiet) {
    const int64_t vocab = engine.info().vocab, count = completions / kGroup;
    for (int64_t i = 0; i < count; ++i) {
      prompts_.add(test::random_ids(static_cast<uint32_t>(i), 1 + (i * 29) % 150, vocab));
      budgets_.push_back(static_cast<int32_t>(1 + (i * 53 + 40) % kLongest));
    }
    order_.resize(static_cast<size_t>(count));
    std::iota(order_.begin(), order_.end(), 0);
    for (int64_t i = 0; i < vocab; i += kStopEvery) stop_ids_.push_back(static_cast<int32_t>(i));
  }

  // Whether everything agreed, with the weights as they are.
  bool round(uint32_t step) {
    Rollout first;
    for (size_t way = 0; way < std::size(kWays); ++way) {
      Rollout got = take(engine_.generate(request(step, way), {}));
      char name[64];
      std::snprintf(name, sizeof name, "sampler, %d slots, %d looks, every %d", kWays[way].slots, kWays[way].looks,
                    kWays[way].look_every);
      if (way == 0) {
        first = std::move(got);
        say(name, true);
      } else {
        ids(name, first, got);
        values(name, "log-probability", first, first.logps, got.logps);
        values(name, "entropy", first, first.entropies, got.entropies);
      }
    }
    tokens_ += static_cast<int64_t>(first.completion_ids.size());
    test::TestBatch batch = test::batch_of(first);
    for (int64_t budget : kMicroBatches) {
      LogprobSettings s;
      s.micro_batch_tokens = budget;
      const Logprobs got = take(engine_.logprobs(batch.view().sequences, s, {}));
      const std::string name =
          "log-probabilities, micro-batches of " + (budget ? std::to_string(budget) : "all that fit");
      values(name, "log-probability", first, first.logps, got.logps);
      values(name, "entropy", first, first.entropies, got.entropies);
    }
    TrainSettings t;
    t.loss = {find_loss("dapo"), 0.2f, 0.2f, 0};
    t.learning_rate = 1e-3f;
    const TrainMetrics m = take(engine_.train_step(batch.view(), t, {}));
    largest_ = std::max(largest_, m.logp_max_abs_diff);
    say("training step", m.logp_max_abs_diff == 0 && m.loss_tokens == static_cast<int64_t>(first.logps.size()));
    return agrees_;
  }

  double largest() const { return largest_; }
  int64_t tokens() const { return tokens_; }

 private:
  template <class T>
  T take(Result<T> result) {
    if (result.ok()) return result.take();
    std::fprintf(stderr, "%s: %s\n", result.status().code().c_str(), result.status().message().c_str());
    std::exit(1);
  }

  GenerateRequest request(uint32_t step, size_t way) {
    // A fixed shuffle, another for each way; the first is in order.
    for (size_t i = order_.size(); way > 0 && i > 1; --i)
      std::swap(order_[i - 1],
                order_[philox4x32(step, static_cast<uint32_t>(i), static_cast<uint32_t>(way), 0, 0).v[0] % i]);
    GenerateRequest r;
    r.prompts = prompts_.view();
    r.num_generations = kGroup;
    r.max_new_tokens = kLongest;
    r.budgets = budgets_.data();
    r.stop_ids = stop_ids_;
    r.sampling = {1, 0, 1, 0, 42};
    r.step = step;
    r.slots = kWays[way].slots;
    r.look_every = kWays[way].look_every;
    r.looks = kWays[way].looks;
    r.admission = order_.data();
    r.keep_prompts = false;
    return r;
  }

  void ids(const std::string& name, const Rollout& want, const Rollout& got) {
    const bool same = want.completion_ids == got.completion_ids && want.completion_offsets == got.completion_offsets;
    say(name + ": ids", same);
    if (same) return;
    const size_t n = std::min(want.completion_ids.size(), got.completion_ids.size());
    size_t i = 0;
    while (i < n && want.completion_ids[i] == got.completion_ids[i]) ++i;
    if (i < n && !quiet_)
      std::printf("    %s: id %d, then %d\n", place(want, i).c_str(), want.completion_ids[i], got.completion_ids[i]);
  }

  void values(const std::string& name, const char* what, const Rollout& of, const std::vector<float>& want,
              const std::vector<float>& got) {
    size_t differ = want.size() == got.size() ? 0 : std::max(want.size(), got.size()), first = want.size();
    for (size_t i = 0; i < std::min(want.size(), got.size()); ++i) {
      if (bits(want[i]) == bits(got[i])) continue;
      largest_ = std::max(largest_, std::fabs(static_cast<double>(want[i]) - static_cast<double>(got[i])));
      first = std::min(first, i);
      ++differ;
    }
    say(name + ": " + what, differ == 0);
    if (differ == 0 || quiet_) return;
    std::printf("    %zu of %zu differ\n", differ, want.size());
    if (first < want.size())
      std::printf("    first %s: %.9g (%08x), then %.9g (%08x)\n", place(of, first).c_str(),
                  static_cast<double>(want[first]), bits(want[first]), static_cast<double>(got[first]),
                  bits(got[first]));
  }

  static std::string place(const Rollout& r, size_t token) {
    size_t row = 0;
    while (static_cast<size_t>(r.completion_offsets[row + 1]) <= token) ++row;
    return "prompt " + std::to_string(r.prompt_index[row]) + ", completion " + std::to_string(r.sample[row]) +
           ", token " + std::to_string(token - static_cast<size_t>(r.completion_offsets[row]));
  }

  void say(const std::string& what, bool well) {
    agrees_ = agrees_ && well;
    if (!quiet_ || !well)
      std::fprintf(quiet_ ? stderr : stdout, "  %-9s %s\n", well ? "the same" : "DIFFERS", what.c_str());
  }

  Engine& engine_;
  const bool quiet_;
  test::IdLists prompts_;
  std::vector<int32_t> budgets_, order_, stop_ids_;
  bool agrees_ = true;
  double largest_ = 0;
  int64_t tokens_ = 0;
};

}  // namespace
}  // namespace glossa::tool

COMMAND("agreement", "[--device name] [--dtype f32|bf16] [--model name] [--layers n] [--completions n] [--json]",
        "sampler = trainer, bit for bit") {
  using namespace glossa;
  using namespace glossa::tool;
  const std::string name = args.text("--model", "tiny");
  const ModelShape* shape = find_shape(name);
  if (!shape) {
    std::fprintf(stderr, "--model %s: expected one of %s\n", name.c_str(), shape_names().c_str());
    return 2;
  }
  ModelConfig config = config_of(*shape, args.number("--layers", 0));
  config.initializer_range = name == "tiny" ? 0.1f : 0.03f;  // so that draws and attention are far from even
  EngineOptions options;
  options.dtype = args.text("--dtype", "bf16") == "bf16" ? Dtype::bf16 : Dtype::f32;
  options.device_name = args.text("--device");
  const int64_t completions = std::max<int64_t>(1, args.number("--completions", 256) / kGroup) * kGroup;
  const bool json = args.has("--json");
  const double start = now(Watch::wall);
  Result<std::unique_ptr<Engine>> engine = Engine::create(config, 1, options);
  if (!engine.ok()) {
    std::fprintf(stderr, "%s: %s\n", engine.status().code().c_str(), engine.status().message().c_str());
    return 1;
  }
  const EngineInfo info = engine.value()->info();
  if (!json)
    std::printf("%s, %ld layers, %s on %s (%s)\n", shape->name, static_cast<long>(info.layers), info.dtype.c_str(),
                info.device.c_str(), info.isa.c_str());
  Agreement agreement(*engine.value(), completions, json);
  bool agrees = agreement.round(1);
  if (!json) std::printf("after the step\n");
  agrees = agreement.round(2) && agrees;
  const double seconds = now(Watch::wall) - start;
  std::printf(
      "{\"check\":\"agreement\",\"model\":\"%s\",\"layers\":%ld,\"dtype\":\"%s\",\"device\":\"%s\",\"card\":\"%s\","
      "\"completions\":%ld,\"tokens\":%ld,\"max_abs_difference\":%g,\"agrees\":%s,\"seconds\":%.1f}\n",
      shape->name, static_cast<long>(info.layers), info.dtype.c_str(), info.device.c_str(), info.isa.c_str(),
      static_cast<long>(completions), static_cast<long>(agreement.tokens()), agreement.largest(),
      agrees ? "true" : "false", seconds);
  return agrees ? 0 : 1;
}
