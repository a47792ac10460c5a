#include "engine/memory_plan.h"

#include <algorithm>

#include "device/planned_gpu.h"
#include "engine/adapter_files.h"
#include "engine/generate.h"
#include "engine/generation.h"
#include "engine/logprobs.h"
#include "engine/micro_batch.h"

namespace glossa {
namespace {

enum Group : int { kAlways, kArena };

// Rows of the greatest lengths, with ids that are never read.
class LongestRows {
 public:
  explicit LongestRows(const PlannedGeneration& g)
      : prompt_(static_cast<size_t>(g.prompt_tokens)), completion_(static_cast<size_t>(g.new_tokens)) {
    for (int64_t p = 0; p < g.prompts; ++p) {
      prompts_.push_back(prompt_);
      prompts_.back()[0] = static_cast<int32_t>(p);  // prompts of equal ids would share their rows
    }
    for (int64_t i = 0; i < g.prompts * g.samples; ++i)
      rows_.push_back({i, prompts_[static_cast<size_t>(i / g.samples)].data(), g.prompt_tokens, completion_.data(),
                       g.new_tokens, i * g.new_tokens});
  }
  Layout layout() const { return Layout(rows_, LossOver::completion, 1); }

 private:
  std::vector<int32_t> prompt_, completion_;
  std::vector<std::vector<int32_t>> prompts_;
  std::vector<BatchRow> rows_;
};

struct Largest {
  int64_t arena = 0, scratch = 0;  // the second of the device
  int64_t pages = 0;               // of keys and values
  int64_t kept_bits = 0;
  void add(int64_t arena_bytes, int64_t scratch_bytes) {
    arena = std::max(arena, arena_bytes);
    scratch = std::max(scratch, scratch_bytes);
  }
};

// Every prompt different and every completion of the greatest length. The sum of arena and pages is the largest.
Result<Largest> of_generations(const Device& device, const Model& m, int64_t most,
                               const std::vector<PlannedGeneration>& generations) {
  const int64_t positions = device.traits().kv_page, page = kv_cache_bytes(m, positions);
  Largest all;
  for (const PlannedGeneration& g : generations) {
    const GenerateSize size{g.prompts,       g.prompts * g.samples,
                            g.slots,         g.prompt_tokens / g.samples + g.new_tokens / 2,
                            g.prompt_tokens, g.new_tokens};
    const Result<GeneratePlan> planned = plan_generation(device, m, size, most);
    if (!planned.ok()) return planned.status();
    const int64_t prompts = g.prompts * kv_pages_of(g.prompt_tokens - 1, positions);
    const int64_t kept = std::min(EngineState::kKeptPrompts / KvPool::stride(page), prompts);
    const int64_t pages = KvPool::bytes_of(std::min(planned.value().pages + kept, most), page);
    const int64_t arena = carve_generate(device, m, Carver(), size, planned.value()).bytes;
    all.scratch = std::max(all.scratch, device.scratch_bytes(generate_workload(m, size)));
    if (g.kept > 0 && device.traits().memory > 0)
      for (int64_t slots : planned.value().slots)
        all.kept_bits =
            std::max(all.kept_bits, device.traits().decode_passes * slots * kept_words(m.config.vocab) * int64_t{4});
    if (arena + pages <= all.arena + all.pages) continue;
    all.arena = arena;
    all.pages = pages;
  }
  return all;
}

Largest of_logprobs(const Device& device, const Model& m, const Layout& layout, int64_t micro_batch_tokens) {
  Largest all;
  for (int64_t unit = 0; unit < static_cast<int64_t>(layout.units().size());) {
    const LogprobSize size = logprob_size(device, m, layout.next(&unit, logprob_budget(device, m, micro_batch_tokens)));
    all.add(size.arena, device.scratch_bytes(size.workload));
  }
  return all;
}

Status check(const ModelConfig& config, const PlannedGeneration& g, const char* what) {
  const bool sound =
      g.prompts >= 1 && g.samples >= 1 && g.prompt_tokens >= 1 && g.new_tokens >= 1 && g.slots >= 0 && g.kept >= 0;
  if (!sound) return Status("INVALID_ARGUMENT", std::string(what) + ": every count must be at least 1");
  if (g.prompt_tokens + g.new_tokens > config.context)
    return Status("BUDGET_EXCEEDS_CONTEXT", std::string(what) + ": " + std::to_string(g.prompt_tokens) + " + " +
                                                std::to_string(g.new_tokens) + " tokens; the model's context is " +
                                                std::to_string(config.context));
  if (g.prompts > (1 << 20) || g.samples > (1 << 18) || g.prompts * g.samples > (1 << 20))
    return Status("INVALID_ARGUMENT", std::string(what) + ": more than 1048576 completions");
  return {};
}

}  // namespace

namespace {

// Tokens, log-probabilities and entropies of a generation while it is sampled, and then once more end to end, with the
// prompt of each row (engine/generation.h). Ids that were kept go row by row from the one to the other.
int64_t rollout_bytes(const PlannedGeneration& g, int64_t vocab) {
  const int64_t rows = g.prompts * g.samples, of_token = g.kept > 0 ? 16 : 12;
  const int64_t kept = std::min(rows * g.new_tokens * std::min(g.kept, vocab), kMostKept);
  return rows * (2 * of_token * g.new_tokens + 4 * g.prompt_tokens) + 4 * kept;
}

Result<std::unique_ptr<Device>> planned_device(const DeviceOptions& options, int64_t gpu_memory, const Model& m) {
  if (gpu_memory > 0 && chosen_device(options).rfind("cuda", 0) == 0)
    return planned_gpu(gpu_memory, options.activations_of(smallest_plan(options.type)));
  return open_device(options, matrix_operand_bytes(m));
}

std::vector<MemoryTerm> weight_terms(const Device& device, const Model& m, bool frozen) {
  if (m.adapters)
    return {{"weights, packed", Weights::frozen_bytes(device, m), kAlways},
            {"adapters, float32", m.adapters.parameters * 4, kAlways},
            {"adapters, packed", adapters_bytes(device, m), kAlways}};
  if (frozen) return {{"weights, packed", Weights::frozen_bytes(device, m), kAlways}};
  return {{"weights, float32", m.parameters * 4, kAlways}, {"weights, packed", matrices_bytes(device, m), kAlways}};
}

// The driver's part left out.
Room room_of(const Device& device) {
  Room room = device.room();
  room.free = std::max<int64_t>(room.free - device.traits().reserve(), 0);
  return room;
}

std::string gigabytes(int64_t bytes) {
  const std::string tenths = std::to_string((bytes + 50'000'000) / 100'000'000);
  return (tenths.size() > 1 ? tenths.substr(0, tenths.size() - 1) : "0") + "." + tenths.back() + " GB";
}

// `what` takes so much; `held` of it is there already.
Status no_place(const char* what, int64_t bytes, std::vector<MemoryTerm> terms, const Device& device, const Room& room,
                int64_t held) {
  std::erase_if(terms, [](const MemoryTerm& t) { return t.of_host; });
  std::stable_sort(terms.begin(), terms.end(),
                   [](const MemoryTerm& a, const MemoryTerm& b) { return a.bytes > b.bytes; });
  std::string largest;
  for (size_t i = 0; i < std::min<size_t>(terms.size(), 4); ++i)
    largest += (i > 0 ? ", " : "") + terms[i].name + " " + gigabytes(terms[i].bytes);
  const int64_t others = room.total - device.traits().reserve() - room.free - held;
  return Status("OUT_OF_MEMORY", std::string(what) + " " + gigabytes(bytes) + " of the GPU's memory, and " +
                                     gigabytes(room.free + held) + " of its " + gigabytes(room.total) + " are there" +
                                     (others > room.total / 64 ? ": another program holds " + gigabytes(others) : "") +
                                     "; its largest terms: " + largest);
}

}  // namespace

Result<MemoryPlan> plan_memory(const ModelConfig& config, const EngineOptions& options, const PlannedRun& run) {
  if (run.step.prompts > 0 && options.frozen)
    return Status("INVALID_ARGUMENT", "a frozen engine makes no optimizer step");
  const Result<LoraSettings> lora = lora_settings(options);
  if (!lora.ok()) return lora.status();
  Result<Model> model = make_model(config, options.dtype, options.trainable, lora.value());
  if (!model.ok()) return model.status();
  const Model& m = model.value();
  const Result<std::unique_ptr<Device>> device = planned_device(options.device(), run.gpu_memory, m);
  if (!device.ok()) return device.status();
  const int64_t page = kv_cache_bytes(m, device.value()->traits().kv_page);
  return plan_memory(*device.value(), m, options.frozen, kv_pages(options, page), run);
}

Result<MemoryPlan> plan_memory(const Device& device, const Model& m, bool frozen, int64_t most_pages,
                               const PlannedRun& run) {
  const ModelConfig& config = m.config;
  for (const PlannedGeneration& g : run.generations)
    if (Status s = check(config, g, "a generation"); !s.ok()) return s;
  const bool trains = run.step.prompts > 0;
  if (trains)
    if (Status s = check(config, run.step, "the optimizer step"); !s.ok()) return s;

  MemoryPlan plan;
  plan.together = device.traits().takes_all();
  const bool apart = device.traits().memory > 0;
  if (apart) plan.room = room_of(device);
  auto add = [&](const char* name, int64_t bytes, int group = kAlways) {
    if (bytes > 0) plan.terms.push_back({name, bytes, group});
  };
  plan.terms = weight_terms(device, m, frozen);
  if (run.reference && !m.adapters) add("reference", Weights::frozen_bytes(device, m));

  const Result<Largest> generations = of_generations(device, m, most_pages, run.generations);
  if (!generations.ok()) return generations.status();
  const Largest& sampling = generations.value();
  Largest scratch = sampling;
  int64_t rollouts = 0;
  for (const PlannedGeneration& g : run.generations) {
    rollouts = std::max(rollouts, rollout_bytes(g, config.vocab));
    plan.positions = std::max(plan.positions, g.prompt_tokens + g.new_tokens);
  }
  if (trains) {
    add("weights, transposed", transposed_bytes(device, m));
    add("optimizer moments", 2 * m.trained.parameters * 4);
    const int64_t tokens = run.step.prompts * (run.step.prompt_tokens + run.step.samples * run.step.new_tokens);
    const bool shared = config.tied && m.trained.embedding >= 0;
    plan.gradients = (m.trained.parameters + (shared ? std::min(config.vocab, tokens) * config.hidden : 0)) * 4;
    plan.positions = std::max(plan.positions, run.step.prompt_tokens + run.step.new_tokens);
    add("gradients", plan.gradients);

    const LongestRows longest(run.step);
    const Layout layout = longest.layout();
    const RowBudget budget = training_budget(device, m, run.micro_batch_tokens);
    plan.micro_batch_tokens = budget.total / budget.of_row;
    MicroBatchSize widest{};
    for (int64_t unit = 0; unit < static_cast<int64_t>(layout.units().size());) {
      const MicroBatch b = layout.next(&unit, budget);
      const MicroBatchSize size = micro_batch_size(device, m, b);
      plan.micro_batch_rows = std::max(plan.micro_batch_rows, b.rows);
      if (size.arena > widest.arena) widest = size;
      scratch.add(0, device.scratch_bytes(size.workload));
    }
    const Largest scoring = of_logprobs(device, m, layout, run.micro_batch_tokens);
    scratch.add(0, scoring.scratch);
    // What one leaves to the other (engine/state.h).
    const int64_t training = std::max(scoring.arena, widest.arena);
    const int64_t left = std::clamp<int64_t>(training - sampling.arena, 0, EngineState::kSpareArena);
    const int64_t spare = std::min(sampling.pages, EngineState::kSparePages);
    add("sampling: activations and logits", sampling.arena, kArena);
    add("sampling: keys and values", sampling.pages, kArena);
    add("sampling: kept from training", left, kArena);
    add("log-probabilities: the same", scoring.arena, kArena);
    add("micro-batch: activations", widest.arena - widest.logits - widest.caches - widest.key_gradients, kArena);
    add("micro-batch: logits", widest.logits, kArena);
    add("micro-batch: keys and values", widest.caches, kArena);
    add("micro-batch: gradients of shared keys", widest.key_gradients, kArena);
    add("micro-batch: kept from sampling", spare, kArena);
    plan.total = std::max(sampling.arena + sampling.pages + left, std::max(sampling.arena, training) + spare);
  } else {
    add("sampling: activations and logits", sampling.arena, kArena);
    add("sampling: keys and values", sampling.pages, kArena);
    plan.total = sampling.arena + sampling.pages;
  }
  plan.kept_bits = sampling.kept_bits;
  add("kept tokens of draws", plan.kept_bits);
  add("rotary tables", rope_bytes(m, std::max(plan.positions, std::min<int64_t>(config.context, 256))));
  add(apart ? "library and tables" : "scratch of the threads", scratch.scratch);
  if (rollouts > 0) plan.terms.push_back({"rollouts", rollouts, kAlways, apart});
  for (const MemoryTerm& term : plan.terms)
    if (term.group == kAlways) (term.of_host ? plan.host : plan.total) += term.bytes;
  return plan;
}

Status hold_weights(EngineState& e) {
  const Device& device = *e.device;
  if (device.traits().memory == 0) return {};
  std::vector<MemoryTerm> terms = weight_terms(device, e.model, e.frozen);
  // Each array begins at a place of its own.
  int64_t bytes = 1024;
  for (const MemoryTerm& t : terms) bytes += t.bytes;
  if (const Room room = room_of(device); bytes > room.free)
    return no_place("the weights take", bytes, std::move(terms), device, room, 0);
  e.device->hold(bytes);
  return {};
}

Status reserve_run(EngineState& e, const PlannedRun& run) {
  const Device& device = *e.device;
  Result<MemoryPlan> planned = plan_memory(device, e.model, e.frozen, e.kv->most_pages(), run);
  if (!planned.ok()) return planned.status();
  MemoryPlan& plan = planned.value();
  if (device.traits().memory == 0) return {};
  // Taken are the weights, and the moments that were read with them; the scratch is none of the piece.
  const int64_t held = e.master.bytes() + e.policy.bytes() + e.optimizer.m.bytes() + e.optimizer.v.bytes();
  const int64_t scratch = device.scratch_bytes({});
  const int64_t left = plan.total - held - scratch - plan.kept_bits;
  // Each array begins at a place of its own.
  constexpr int64_t kRounding = int64_t{1} << 20;
  if (left + kRounding + scratch + plan.kept_bits > plan.room.free)
    return no_place("the plan of this run takes", plan.total, std::move(plan.terms), device, plan.room, held);
  e.device->hold(left + kRounding);
  e.need_positions(plan.positions);
  if (run.step.prompts > 0) {
    e.need_moments();
    e.gradient.reserve(plan.gradients);
    e.policy.need_transposed(e.model);
  }
  return {};
}

}  // namespace glossa
