#include "engine/generate.h"

#include <algorithm>

#include "engine/decoder.h"

namespace glossa {
namespace {

// Completions in flight on one worker. The keys and values that a pass reads should stay in the second-level cache, so
// a small model runs a few rows at a time (measured: 8 rows a worker are 10 % faster than 26 at 1 M parameters); where
// the weights come from memory, each time they come must serve many rows. 13 rows are a full tile of the products.
int64_t chosen_slots(const Model& m, int64_t mean_keys) {
  constexpr int64_t kWorkingSet = int64_t{2} << 20, kCachedWeights = int64_t{8} << 20, kTile = 13, kMost = 4 * kTile;
  if (m.matmul_parameters * dtype_bytes(m.dtype) > kCachedWeights) return kMost;
  const int64_t bytes = kv_cache_bytes(m, 1) * std::max<int64_t>(mean_keys, 1);
  const int64_t fitting = std::clamp<int64_t>(kWorkingSet / bytes, 8, kMost);
  return fitting < kTile ? fitting : fitting / kTile * kTile;
}

// Whole groups where there are enough of them for every worker, else parts of groups.
std::vector<PromptShare> make_shares(const GenerateRequest& r, int64_t workers) {
  const int64_t prompts = r.prompts.rows, samples = r.num_generations;
  const int64_t parts = std::clamp<int64_t>((4 * workers + prompts - 1) / prompts, 1, samples);
  std::vector<PromptShare> shares;
  for (int64_t i = 0; i < prompts; ++i) {
    const int32_t prompt = r.admission ? r.admission[i] : static_cast<int32_t>(i);
    for (int64_t p = 0; p < parts; ++p)
      shares.push_back(
          {prompt, static_cast<int32_t>(samples * p / parts), static_cast<int32_t>(samples * (p + 1) / parts)});
  }
  return shares;
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

std::vector<DecoderSize> decoder_sizes(const Model& m, const GenerateSize& size, int threads, bool together) {
  const int64_t slots =
      std::min<int64_t>(size.rows, size.slots > 0 ? size.slots : threads * chosen_slots(m, size.mean_keys));
  const int64_t workers = together ? 1 : std::min<int64_t>(threads, slots);
  std::vector<DecoderSize> sizes;
  for (int64_t w = 0; w < workers; ++w)
    sizes.push_back(
        {slots / workers + (w < slots % workers), size.longest_prompt, size.longest_budget, together ? threads : 1});
  return sizes;
}

int64_t generate_scratch_bytes(const Model& m, const GenerateSize& size) {
  return forward_scratch_bytes(m, size.longest_prompt + size.longest_budget);
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
  e.model.need_positions(longest_prompt + longest_budget);

  const int64_t rows = request.prompts.rows * request.num_generations;
  const GenerateSize size{rows, request.slots, keys / request.prompts.rows, longest_prompt, longest_budget};
  const std::vector<DecoderSize> sizes = decoder_sizes(m, size, e.threads(), e.together);
  const int64_t workers = static_cast<int64_t>(sizes.size());

  GenerateJob job{m, e.policy, request, control, make_shares(request, workers), workers, {}, {}, {}, {}, {}, {}};
  place_outputs(&job);
  auto carve = [&](Carver c) {
    std::vector<DecoderMemory> memory;
    for (const DecoderSize& decoder : sizes) memory.push_back(carve_decoder(m, c, decoder));
    e.arena.reserve(c.used());
    return memory;
  };
  carve(Carver());
  const std::vector<DecoderMemory> memory = carve(Carver(e.arena.data()));
  e.need_scratch(generate_scratch_bytes(m, size));

  std::vector<double> prefill(static_cast<size_t>(workers)), decode(prefill);
  auto run = [&](int64_t w, const Crew& crew, bool reports) {
    const size_t i = static_cast<size_t>(w);
    Decoder d(job, memory[i], sizes[i].slots, crew, reports);
    d.run();
    prefill[i] = d.prefill_seconds;
    decode[i] = d.decode_seconds;
  };
  if (e.together) {
    run(0, e.crew(), true);
  } else {
    e.pool->run(workers, [&](int64_t w, int worker) { run(w, Crew(e.scratch_of(worker)), worker == 0); });
  }
  if (const int64_t row = job.unusable; row >= 0)
    return Status("NONFINITE", "nothing can be drawn for prompt " + std::to_string(row / request.num_generations) +
                                   ", sample " + std::to_string(row % request.num_generations) + ", after " +
                                   std::to_string(job.lengths[static_cast<size_t>(row)]) +
                                   " tokens: its logits are not finite, or the logit bias forbids every token");
  if (control.progress) control.progress(job.rows_done, rows, job.tokens_done);

  Rollout out = collect(job, e.optimizer.step);
  for (size_t w = 0; w < prefill.size(); ++w) {
    out.prefill_seconds += prefill[w] / static_cast<double>(workers);
    out.decode_seconds += decode[w] / static_cast<double>(workers);
  }
  return out;
}

}  // namespace glossa
