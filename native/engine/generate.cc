#include "engine/generate.h"

#include <algorithm>
#include <new>

namespace glossa {
namespace {

// Completions in flight on one lane. The keys and values that a pass reads should stay in the second-level cache, so
// a small model runs a few rows at a time (measured: 8 rows a lane are 10 % faster than 26 at 1 M parameters); where
// the weights come from memory, each time they come must serve many rows. 13 rows are a full tile of the products.
int64_t slots_of_lane(const Model& m, int64_t mean_keys) {
  constexpr int64_t kWorkingSet = int64_t{2} << 20, kCachedWeights = int64_t{8} << 20, kTile = 13, kMost = 4 * kTile;
  if (matrix_operand_bytes(m) > kCachedWeights) return kMost;
  const int64_t bytes = kv_cache_bytes(m, 1) * std::max<int64_t>(mean_keys, 1);
  const int64_t fitting = std::clamp<int64_t>(kWorkingSet / bytes, 8, kMost);
  return fitting < kTile ? fitting : fitting / kTile * kTile;
}

// A GPU reads its weights once for all completions: as many as their keys and values have room for.
int64_t chosen_slots(const Device& device, const Model& m, int64_t mean_keys) {
  constexpr int64_t kMostOfGpu = 512;
  if (device.traits().memory == 0) return device.threads() * slots_of_lane(m, mean_keys);
  const int64_t bytes = kv_cache_bytes(m, 1) * std::max<int64_t>(mean_keys, 1);
  return std::clamp<int64_t>(device.traits().share() / bytes, 1, kMostOfGpu);
}

// Prompts that keep every lane busy to the end with whole groups. Where there are fewer, groups are cut up and the
// prompts encoded before, by all lanes.
constexpr int64_t kPromptsOfLane = 4;

GenerateSize size_of(const Generation& job) {
  const GenerateRequest& r = job.request;
  GenerateSize size{static_cast<int64_t>(job.groups.size()), job.rows(), r.slots, 0, 1, 1};
  for (int64_t i = 0; i < r.prompts.rows; ++i) {
    const int64_t length = r.prompts.length(i), budget = budget_of(r, i);
    size.longest_prompt = std::max(size.longest_prompt, length);
    size.longest_budget = std::max(size.longest_budget, budget);
    size.mean_keys += length / r.num_generations + budget / 2;
  }
  size.mean_keys /= r.prompts.rows;
  return size;
}

// Prompts that all lanes encode together, and read to the end.
class SharedPrompts {
 public:
  SharedPrompts(KvStore& store, bool keep) : store_(store), keep_(keep) {}
  void hold(const Generation& job) {
    pinned_.reserve(job.groups.size());
    for (const PromptGroup& g : job.groups) {
      if (g.length == 0) continue;
      KeptPrompt* kept = store_.pin(g.ids, g.length);
      if (!kept) throw std::bad_alloc();
      pinned_.push_back(kept);
      if (!kept->filled) missing_.push_back({g.ids, g.length, 0, store_.cache(kept->pages), {}, 0});
    }
  }
  ~SharedPrompts() {
    for (KeptPrompt* kept : pinned_) store_.unpin(kept, keep_);
  }
  SharedPrompts(const SharedPrompts&) = delete;
  SharedPrompts& operator=(const SharedPrompts&) = delete;

  const std::vector<Prefill>& missing() const { return missing_; }
  void filled() {
    for (KeptPrompt* kept : pinned_) kept->filled = true;
  }

 private:
  KvStore& store_;
  const bool keep_;
  std::vector<KeptPrompt*> pinned_;
  std::vector<Prefill> missing_;
};

}  // namespace

Result<GeneratePlan> plan_generation(const Device& device, const Model& m, const GenerateSize& size,
                                     int64_t most_pages) {
  const int64_t positions = device.traits().kv_page, lanes = device.lanes();
  const int64_t prompt = kv_pages_of(size.longest_prompt - 1, positions),
                own = kv_pages_of(size.longest_budget, positions);
  if (prompt + own > most_pages) {
    const int64_t page = KvPool::stride(kv_cache_bytes(m, positions)), needed = (prompt + own) * page;
    return Status(
        "KV_CACHE_TOO_SMALL",
        "one completion of " + std::to_string(size.longest_prompt) + " + " + std::to_string(size.longest_budget) +
            " tokens takes " + std::to_string(needed) + " bytes of keys and values; kv_cache_gb has room for " +
            std::to_string(most_pages * page) + ": set it to " + std::to_string(needed / 1'000'000'000) + "." +
            std::to_string(1'000'000'000 + needed % 1'000'000'000).substr(1) + " or more, or allow fewer tokens");
  }
  GeneratePlan plan{};
  const int64_t slots =
      std::min<int64_t>(size.rows, size.slots > 0 ? size.slots : chosen_slots(device, m, size.mean_keys));
  int64_t busy = std::min<int64_t>(lanes, slots);
  plan.prompts_first =
      lanes > 1 && size.groups < kPromptsOfLane * lanes && size.groups * prompt + busy * own <= most_pages;
  const int64_t shared = plan.prompts_first ? size.groups * prompt : 0, least = own + (plan.prompts_first ? 0 : prompt);
  busy = std::min(busy, (most_pages - shared) / least);
  for (int64_t lane = 0; lane < busy; ++lane) plan.slots.push_back(slots / busy + (lane < slots % busy));
  plan.pages_of_lane = (most_pages - shared) / busy;
  plan.pages = shared;
  for (int64_t n : plan.slots)
    plan.pages += std::min(plan.pages_of_lane, n * own + (plan.prompts_first ? 0 : std::min(n, size.groups) * prompt));
  return plan;
}

GenerateMemory carve_generate(const Device& device, const Model& m, Carver c, const GenerateSize& size,
                              const GeneratePlan& plan) {
  GenerateMemory memory{};
  // The activations of prompts that come first are done with before a lane begins, and lie where its memory will.
  Carver before = c;
  memory.prompt_rows = std::min(size.groups * size.longest_prompt, device.traits().forward_rows);
  if (plan.prompts_first)
    memory.prompts = carve_activations(device.traits().activations, m, before, memory.prompt_rows, false);
  for (int64_t n : plan.slots)
    memory.lanes.push_back(
        carve_decode(device, m, c, n, plan.prompts_first ? 0 : std::min(n, size.groups) * size.longest_prompt));
  memory.bytes = std::max(before.used(), c.used());
  return memory;
}

Workload generate_workload(const Model& m, const GenerateSize& size) {
  Workload w;
  w.shape = m.shape;
  w.keys = size.longest_prompt + size.longest_budget;
  w.vocab = m.config.vocab;
  return w;
}

Result<Rollout> generate(EngineState& e, const GenerateRequest& request, const JobControl& control) {
  const Model& m = e.model;
  if (Status s = check_generate(m, request); !s.ok()) return s;
  int64_t total = 0;
  for (int64_t i = 0; i < request.prompts.rows; ++i) total += request.prompts.length(i) + budget_of(request, i);
  if (total * request.num_generations > INT32_MAX)
    return Status("INVALID_ARGUMENT", "this request could hold " + std::to_string(total * request.num_generations) +
                                          " ids; a rollout counts them in 32 bits, so split it");
  Generation job(request, m.config.vocab);
  const GenerateSize size = size_of(job);
  Result<GeneratePlan> planned = plan_generation(*e.device, m, size, e.kv->most_pages());
  if (!planned.ok()) return planned.status();
  const GeneratePlan& plan = planned.value();
  const int64_t lanes = static_cast<int64_t>(plan.slots.size());
  job.lanes = lanes;
  job.prompts_ready = plan.prompts_first;
  job.deal(plan.prompts_first ? (kPromptsOfLane * lanes + size.groups - 1) / size.groups : 1);

  e.need_positions(size.longest_prompt + size.longest_budget);
  e.reserve_for_sampling(carve_generate(*e.device, m, Carver(), size, plan).bytes);
  const GenerateMemory memory = carve_generate(*e.device, m, Carver(e.arena.data()), size, plan);
  e.device->reserve(generate_workload(m, size));
  e.kv->use(e.policy.version());

  const double start = seconds_now();
  SharedPrompts shared(*e.kv, request.keep_prompts);
  if (plan.prompts_first) shared.hold(job);
  // Where that is cancelled the lanes are too, and begin nothing.
  if (prefill(e.device->all(), m, e.policy, memory.prompts, memory.prompt_rows, shared.missing(), control))
    shared.filled();
  const double filled = seconds_now() - start;

  struct Totals {
    double prefill_seconds, decode_seconds;
    int64_t prompt_tokens, recomputed_tokens;
  };
  std::vector<Totals> totals(static_cast<size_t>(lanes));
  const DeviceTraits& traits = e.device->traits();
  const int64_t looks = traits.decode_looks > 1 && request.looks > 0 ? request.looks : traits.decode_looks;
  e.device->run(lanes, [&](int64_t i, int lane, Ops& ops) {
    const size_t n = static_cast<size_t>(i);
    Scheduler scheduler(job, *e.kv, plan.slots[n], plan.pages_of_lane, traits.decode_passes, looks);
    DecodeLoop loop(job, scheduler, m, e.policy, memory.lanes[n], ops, control, lane == 0);
    loop.run();
    totals[n] = {loop.prefill_seconds, loop.decode_seconds, scheduler.prompt_tokens, scheduler.recomputed_tokens};
  });
  if (const int64_t row = job.unusable; row >= 0)
    return Status("NONFINITE", "nothing can be drawn for prompt " + std::to_string(job.prompt_of(row)) + ", sample " +
                                   std::to_string(job.sample_of(row)) + ", after " +
                                   std::to_string(job.lengths[static_cast<size_t>(row)]) +
                                   " tokens: its logits are not finite, or the logit bias forbids every token");
  if (job.kept > request.most_kept)
    return Status("KEPT_IDS_TOO_MANY",
                  "top_k, top_p and min_p keep so many ids of a token that those of this generation, which training "
                  "needs, pass " +
                      std::to_string(request.most_kept) + " (after " + std::to_string(job.tokens_done) +
                      " tokens): set top_k, a lower top_p or a higher min_p, or generate less at a time");
  if (control.progress) control.progress(job.rows_done, job.rows(), job.tokens_done);

  Rollout out = job.collect(e.optimizer.step);
  out.prefill_seconds = filled;
  for (const Prefill& prompt : shared.missing()) out.prefill_tokens += prompt.length;
  for (const Totals& t : totals) {
    out.prefill_seconds += t.prefill_seconds / static_cast<double>(lanes);
    out.decode_seconds += t.decode_seconds / static_cast<double>(lanes);
    out.prefill_tokens += t.prompt_tokens;
    out.recomputed_tokens += t.recomputed_tokens;
  }
  return out;
}

}  // namespace glossa
