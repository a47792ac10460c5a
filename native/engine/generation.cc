#include "engine/generation.h"

#include <algorithm>
#include <bit>
#include <map>
#include <span>

namespace glossa {
namespace {

using Ids = std::span<const int32_t>;
struct Before {
  bool operator()(const Ids& a, const Ids& b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  }
};

}  // namespace

Generation::Generation(const GenerateRequest& r, int64_t vocab) : request(r) {
  int64_t used = 0;
  for (int64_t p = 0; p < r.prompts.rows; ++p)
    for (int64_t s = 0; s < r.num_generations; ++s) {
      places.push_back(used);
      used += budget_of(r, p);
    }
  tokens.resize(static_cast<size_t>(used));
  logps.resize(static_cast<size_t>(used));
  entropies.resize(static_cast<size_t>(used));
  if (r.of_law && filters(r.sampling, vocab)) {
    kept_words = glossa::kept_words(vocab);
    kept_counts.resize(static_cast<size_t>(used));
    kept_ids.resize(places.size());
  }
  lengths.assign(places.size(), 0);
  finish.assign(places.size(), static_cast<int8_t>(Finish::cancelled));
  ended_.reserve(places.size());

  std::map<Ids, size_t, Before> known;
  for (int64_t i = 0; i < r.prompts.rows; ++i) {
    const int64_t p = r.admission ? r.admission[i] : i;
    const int32_t* ids = r.prompts.ids + r.prompts.offsets[p];
    const int64_t length = r.prompts.length(p) - 1;
    size_t group = groups.size();
    if (length > 0) group = known.emplace(Ids(ids, static_cast<size_t>(length)), group).first->second;
    if (group == groups.size()) groups.push_back({ids, length, {}});
    for (int64_t s = 0; s < r.num_generations; ++s)
      groups[group].rows.push_back(static_cast<int32_t>(p * r.num_generations + s));
  }
}

bool Generation::is_stop(int32_t id) const {
  return std::find(request.stop_ids.begin(), request.stop_ids.end(), id) != request.stop_ids.end();
}

void Generation::deal(int64_t parts) {
  for (size_t g = 0; g < groups.size(); ++g) {
    const int64_t rows = static_cast<int64_t>(groups[g].rows.size()), n = std::clamp<int64_t>(parts, 1, rows);
    for (int64_t i = 0; i < n; ++i)
      shares.push_back(
          {static_cast<int32_t>(g), static_cast<int32_t>(rows * i / n), static_cast<int32_t>(rows * (i + 1) / n)});
  }
}

void Generation::close(int64_t row, int32_t length, Finish how) {
  lengths[static_cast<size_t>(row)] = length;
  finish[static_cast<size_t>(row)] = static_cast<int8_t>(how);
  if (how != Finish::cancelled) {
    const std::lock_guard lock(mutex_);
    ended_.push_back(static_cast<int32_t>(row));  // the constructor made room
  }
  rows_done.fetch_add(1, std::memory_order_relaxed);
}

Completed Generation::take_completed() {
  Completed out;
  const std::lock_guard lock(mutex_);
  for (const int32_t row : ended_) {
    const auto first = tokens.begin() + places[static_cast<size_t>(row)];
    out.rows.push_back(row);
    out.ids.insert(out.ids.end(), first, first + lengths[static_cast<size_t>(row)]);
    out.offsets.push_back(static_cast<int32_t>(out.ids.size()));
    out.finish.push_back(finish[static_cast<size_t>(row)]);
  }
  ended_.clear();
  return out;
}

void Generation::keep(int64_t row, int64_t token, const uint32_t* bits) {
  std::vector<int32_t>& ids = kept_ids[static_cast<size_t>(row)];
  const size_t before = ids.size();
  for (int64_t word = 0; word < kept_words; ++word)
    for (uint32_t left = bits[word]; left != 0; left &= left - 1)
      ids.push_back(static_cast<int32_t>(word * 32 + std::countr_zero(left)));
  const int64_t count = static_cast<int64_t>(ids.size() - before);
  kept_counts[static_cast<size_t>(token)] = static_cast<int32_t>(count);
  kept.fetch_add(count, std::memory_order_relaxed);
}

Rollout Generation::collect(int64_t policy_step) {
  Rollout out;
  out.prompt_offsets.push_back(0);
  out.completion_offsets.push_back(0);
  for (int64_t row = 0; row < rows(); ++row) {
    const int32_t p = prompt_of(row);
    const int32_t* prompt = request.prompts.ids + request.prompts.offsets[p];
    const int64_t at = places[static_cast<size_t>(row)], n = lengths[static_cast<size_t>(row)];
    out.prompt_index.push_back(p);
    out.sample.push_back(sample_of(row));
    out.prompt_ids.insert(out.prompt_ids.end(), prompt, prompt + request.prompts.length(p));
    out.completion_ids.insert(out.completion_ids.end(), tokens.begin() + at, tokens.begin() + at + n);
    out.logps.insert(out.logps.end(), logps.begin() + at, logps.begin() + at + n);
    out.entropies.insert(out.entropies.end(), entropies.begin() + at, entropies.begin() + at + n);
    if (kept_words > 0) {
      out.kept_counts.insert(out.kept_counts.end(), kept_counts.begin() + at, kept_counts.begin() + at + n);
      std::vector<int32_t>& ids = kept_ids[static_cast<size_t>(row)];
      out.kept_ids.insert(out.kept_ids.end(), ids.begin(), ids.end());
      std::vector<int32_t>().swap(ids);
    }
    out.prompt_offsets.push_back(static_cast<int32_t>(out.prompt_ids.size()));
    out.completion_offsets.push_back(static_cast<int32_t>(out.completion_ids.size()));
    out.policy_step.push_back(static_cast<int32_t>(policy_step));
  }
  out.finish = finish;
  return out;
}

}  // namespace glossa
