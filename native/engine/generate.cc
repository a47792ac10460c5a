#include "engine/generate.h"

#include <algorithm>

#include "engine/decoder.h"

namespace glossa {
namespace {

// Completions in flight on one lane. The keys and values that a pass reads should stay in the second-level cache, so
// a small model runs a few rows at a time (measured: 8 rows a lane are 10 % faster than 26 at 1 M parameters); where
// the weights come from memory, each time they come must serve many rows. 13 rows are a full tile of the products.
int64_t chosen_slots(const Model& m, int64_t mean_keys) {
  constexpr int64_t kWorkingSet = int64_t{2} << 20, kCachedWeights = int64_t{8} << 20, kTile = 13, kMost = 4 * kTile;
  if (matrix_operand_bytes(m) > kCachedWeights) return kMost;
  const int64_t bytes = kv_cache_bytes(m, 1) * std::max<int64_t>(mean_keys, 1);
  const int64_t fitting = std::clamp<int64_t>(kWorkingSet / bytes, 8, kMost);
  return fitting < kTile ? fitting : fitting / kTile * kTile;
}

// Prompts that keep every lane busy to the end with whole groups.
constexpr int64_t kPromptsOfLane = 4;

// Where there are fewer, groups are cut up and the prompts' keys and values computed before, by all lanes.
bool prefixes_come_first(int64_t prompts, int lanes) {
  return lanes > 1 && prompts < kPromptsOfLane * lanes;
}

std::vector<PromptShare> make_shares(const GenerateRequest& r, int64_t decoders) {
  const int64_t prompts = r.prompts.rows, samples = r.num_generations;
  const int64_t wanted = decoders == 1 ? 1 : (kPromptsOfLane * decoders + prompts - 1) / prompts;
  const int64_t parts = std::clamp<int64_t>(wanted, 1, samples);
  std::vector<PromptShare> shares;
  for (int64_t i = 0; i < prompts; ++i) {
    const int32_t prompt = r.admission ? r.admission[i] : static_cast<int32_t>(i);
    for (int64_t p = 0; p < parts; ++p)
      shares.push_back(
          {prompt, static_cast<int32_t>(samples * p / parts), static_cast<int32_t>(samples * (p + 1) / parts)});
  }
  return shares;
}

// What is to be computed of each prompt that has a cache: all ids but the last, which the first pass of the decoders
// has.
std::vector<Prefix> prefixes_of(const Ragged& prompts, const std::vector<KvCache>& caches) {
  std::vector<Prefix> prefixes;
  for (size_t i = 0; i < caches.size(); ++i) {
    const int64_t row = static_cast<int64_t>(i);
    prefixes.push_back({prompts.ids + prompts.offsets[i], prompts.length(row) - 1, caches[i]});
  }
  return prefixes;
}

void place_outputs(GenerateJob* job) {
  const GenerateRequest& r = job->request;
  int64_t used = 0;
  for (int64_t i = 0; i < r.prompts.rows; ++i) {
    job->first.push_back(used);
    used += r.num_generations * budget_of(r, i);
  }
  job->tokens.resize(static_cast<size_t>(used));
  job->logps.resize(static_cast<size_t>(used));
  job->entropies.resize(static_cast<size_t>(used));
  job->lengths.assign(static_cast<size_t>(r.prompts.rows * r.num_generations), 0);
  job->finish.assign(job->lengths.size(), static_cast<int8_t>(Finish::cancelled));
}

Rollout collect(const GenerateJob& job, int64_t policy_step) {
  const GenerateRequest& r = job.request;
  Rollout out;
  out.prompt_offsets.push_back(0);
  out.completion_offsets.push_back(0);
  for (int32_t p = 0; p < r.prompts.rows; ++p) {
    const int32_t* prompt = r.prompts.ids + r.prompts.offsets[p];
    for (int32_t s = 0; s < r.num_generations; ++s) {
      const size_t row = static_cast<size_t>(job.row(p, s));
      const int64_t at = job.first[static_cast<size_t>(p)] + static_cast<int64_t>(s) * budget_of(r, p);
      const int64_t n = job.lengths[row];
      out.prompt_index.push_back(p);
      out.sample.push_back(s);
      out.prompt_ids.insert(out.prompt_ids.end(), prompt, prompt + r.prompts.length(p));
      out.completion_ids.insert(out.completion_ids.end(), job.tokens.begin() + at, job.tokens.begin() + at + n);
      out.logps.insert(out.logps.end(), job.logps.begin() + at, job.logps.begin() + at + n);
      out.entropies.insert(out.entropies.end(), job.entropies.begin() + at, job.entropies.begin() + at + n);
      out.prompt_offsets.push_back(static_cast<int32_t>(out.prompt_ids.size()));
      out.completion_offsets.push_back(static_cast<int32_t>(out.completion_ids.size()));
      out.policy_step.push_back(static_cast<int32_t>(policy_step));
    }
  }
  out.finish = job.finish;
  return out;
}

}  // namespace

GenerateMemory carve_generate(const Device& device, const Model& m, Carver& c, const GenerateSize& size) {
  GenerateMemory memory;
  const int lanes = device.lanes();
  const bool first = prefixes_come_first(size.prompts, lanes);
  memory.prefix_capacity = kv_capacity(size.longest_prompt);
  for (int64_t i = 0; first && i < size.prompts; ++i)
    memory.prefixes.push_back(c.bytes(kv_cache_bytes(m, memory.prefix_capacity)));
  // The activations of these prefixes are done with before a decoder begins, and lie where its memory will.
  Carver before = c;
  memory.prefill_rows = prefill_rows(size.prompts * size.longest_prompt, INT64_MAX);
  if (first) memory.prefill = carve_activations(device.traits().activations, m, before, memory.prefill_rows, false);

  const int64_t rows = size.prompts * size.samples;
  const int64_t slots =
      std::min<int64_t>(rows, size.slots > 0 ? size.slots : device.threads() * chosen_slots(m, size.mean_keys));
  const int64_t decoders = std::min<int64_t>(lanes, slots);
  for (int64_t w = 0; w < decoders; ++w) {
    const int64_t own = slots / decoders + (w < slots % decoders);
    memory.sizes.push_back({own, first ? 0 : std::min(own, size.prompts), size.longest_prompt, size.longest_budget});
    memory.decoders.push_back(carve_decoder(device, m, c, memory.sizes.back()));
  }
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
  int64_t longest_prompt = 1, longest_budget = 1, keys = 0, total = 0;
  for (int64_t i = 0; i < request.prompts.rows; ++i) {
    const int64_t length = request.prompts.length(i), budget = budget_of(request, i);
    longest_prompt = std::max(longest_prompt, length);
    longest_budget = std::max(longest_budget, budget);
    keys += length / request.num_generations + budget / 2;
    total += length + budget;
  }
  if (total * request.num_generations > INT32_MAX)
    return Status("INVALID_ARGUMENT", "this request could hold " + std::to_string(total * request.num_generations) +
                                          " ids; a rollout counts them in 32 bits, so split it");
  e.need_positions(longest_prompt + longest_budget);

  const int64_t rows = request.prompts.rows * request.num_generations;
  const GenerateSize size{request.prompts.rows,        request.num_generations, request.slots,
                          keys / request.prompts.rows, longest_prompt,          longest_budget};
  auto carve = [&](Carver c) { return carve_generate(*e.device, m, c, size); };
  e.arena.reserve(carve(Carver()).bytes);
  const GenerateMemory memory = carve(Carver(e.arena.data()));
  e.device->reserve(generate_workload(m, size));

  const int64_t decoders = static_cast<int64_t>(memory.decoders.size());
  std::vector<KvCache> caches;
  for (const Address& page : memory.prefixes) caches.push_back({&page, memory.prefix_capacity});
  GenerateJob job{m,  e.policy, request, control, make_shares(request, decoders), decoders, caches, {}, {},
                  {}, {},       {},      {}};
  place_outputs(&job);

  const double start = seconds_now();
  const std::vector<Prefix> prefixes = prefixes_of(request.prompts, caches);
  // Where that is cancelled the decoders are too, and begin nothing.
  prefill(e.device->all(), m, e.policy, memory.prefill, memory.prefill_rows, prefixes, control);
  const double filled = seconds_now() - start;

  std::vector<double> prefilling(static_cast<size_t>(decoders)), decoding(prefilling);
  std::vector<int64_t> prefilled(prefilling.size());
  e.device->run(decoders, [&](int64_t w, int lane, Ops& ops) {
    const size_t i = static_cast<size_t>(w);
    Decoder d(job, memory.decoders[i], memory.sizes[i], ops, lane == 0);
    d.run();
    prefilling[i] = d.prefill_seconds;
    decoding[i] = d.decode_seconds;
    prefilled[i] = d.prefill_tokens;
  });
  if (const int64_t row = job.unusable; row >= 0)
    return Status("NONFINITE", "nothing can be drawn for prompt " + std::to_string(row / request.num_generations) +
                                   ", sample " + std::to_string(row % request.num_generations) + ", after " +
                                   std::to_string(job.lengths[static_cast<size_t>(row)]) +
                                   " tokens: its logits are not finite, or the logit bias forbids every token");
  if (control.progress) control.progress(job.rows_done, rows, job.tokens_done);

  Rollout out = collect(job, e.optimizer.step);
  out.prefill_seconds = filled;
  for (const Prefix& prefix : prefixes) out.prefill_tokens += prefix.length;
  for (size_t w = 0; w < prefilling.size(); ++w) {
    out.prefill_seconds += prefilling[w] / static_cast<double>(decoders);
    out.decode_seconds += decoding[w] / static_cast<double>(decoders);
    out.prefill_tokens += prefilled[w];
  }
  return out;
}

}  // namespace glossa
