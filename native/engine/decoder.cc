#include "engine/decoder.h"

#include <algorithm>

namespace glossa {
namespace {

constexpr double kReportSeconds = 0.1;

}  // namespace

DecoderMemory carve_decoder(const Model& m, Carver& c, const DecoderSize& size) {
  const int64_t slots = size.slots;
  DecoderMemory d{};
  d.activation_rows = std::max(slots, prefill_rows(size.prefixes * size.longest_prompt, size.threads > 1));
  d.activations = carve_activations(m, c, d.activation_rows, false);
  d.normed = c.elements(m.dtype, slots * m.config.hidden);
  d.rstd = c.floats(slots);
  d.logits = c.floats(slots * logits_stride(m));
  d.draw = c.floats(size.threads * m.config.vocab);
  d.own_capacity = kv_capacity(size.longest_budget);
  d.prefix_capacity = kv_capacity(size.longest_prompt);
  d.own = static_cast<uint8_t*>(c.bytes(slots * kv_cache_bytes(m, d.own_capacity)));
  d.prefixes = static_cast<uint8_t*>(c.bytes(size.prefixes * kv_cache_bytes(m, d.prefix_capacity)));
  return d;
}

Decoder::Decoder(GenerateJob& job, const DecoderMemory& memory, const DecoderSize& size, const Crew& crew, bool reports)
    : job_(job), mem_(memory), slot_count_(size.slots), crew_(crew), reports_(reports) {
  for (int64_t i = size.slots - 1; i >= 0; --i) free_own_.push_back(i);
  for (int64_t i = size.prefixes - 1; i >= 0; --i) free_prefix_.push_back(i);
}

void Decoder::run() {
  while (!is_cancelled(job_.control) && job_.unusable < 0) {
    const int64_t fair = fair_slots();
    while (static_cast<int64_t>(slots_.size()) < (open_ == SIZE_MAX ? fair : slot_count_) && admit()) {
    }
    if (slots_.empty()) break;
    const double start = seconds_now();
    if (!fill_prefixes()) break;
    const double filled = seconds_now();
    decode();
    prefill_seconds += filled - start;
    decode_seconds += seconds_now() - filled;
    if (reports_) report(false);
  }
  for (const Slot& s : slots_) close(s, Finish::cancelled);
}

// How many slots to fill now. Near the end whoever comes first must not take all that is left: at most a worker's part
// of it, and not beyond its part of all that is left or in flight.
int64_t Decoder::fair_slots() const {
  const int64_t taken = job_.rows_taken.load(std::memory_order_relaxed);
  const int64_t left = static_cast<int64_t>(job_.lengths.size()) - taken;
  const int64_t unfinished = left + taken - job_.rows_done.load(std::memory_order_relaxed);
  auto part = [&](int64_t rows) { return (rows + job_.workers - 1) / job_.workers; };
  const int64_t held = static_cast<int64_t>(slots_.size());
  return std::min({slot_count_, held + part(left), std::max<int64_t>(part(unfinished), 1)});
}

// Starts one completion; false when none is left.
bool Decoder::admit() {
  if (open_ == SIZE_MAX && !open_group()) return false;
  Group& g = groups_[open_];
  const int32_t prompt = g.share.prompt, budget = budget_of(job_.request, prompt);
  Slot s{};
  s.group = open_;
  s.sample = g.next++;
  s.token = job_.request.prompts.ids[job_.request.prompts.offsets[prompt + 1] - 1];
  s.budget = budget;
  s.cache = free_own_.back();
  s.place = job_.first[static_cast<size_t>(prompt)] + static_cast<int64_t>(s.sample) * budget;
  free_own_.pop_back();
  slots_.push_back(s);
  ++g.live;
  if (g.next == g.share.sample1) open_ = SIZE_MAX;
  return true;
}

bool Decoder::open_group() {
  const int64_t share = job_.next_share.fetch_add(1, std::memory_order_relaxed);
  if (share >= static_cast<int64_t>(job_.shares.size())) return false;
  if (free_groups_.empty()) {
    free_groups_.push_back(groups_.size());
    groups_.emplace_back();
  }
  open_ = free_groups_.back();
  free_groups_.pop_back();
  Group& g = groups_[open_];
  g.share = job_.shares[static_cast<size_t>(share)];
  job_.rows_taken.fetch_add(g.share.sample1 - g.share.sample0, std::memory_order_relaxed);
  g.next = g.share.sample0;
  g.live = 0;
  g.prefix_length = job_.request.prompts.length(g.share.prompt) - 1;
  if (!job_.prefixes.empty()) {
    g.prefix = job_.prefixes[static_cast<size_t>(g.share.prompt)];
    return true;
  }
  g.cache = free_prefix_.back();  // a group in use holds a slot and is a prompt, so there is always one left
  free_prefix_.pop_back();
  g.prefix = {mem_.prefixes + g.cache * kv_cache_bytes(job_.model, mem_.prefix_capacity), mem_.prefix_capacity};
  if (g.prefix_length > 0)
    unfilled_.push_back(
        {job_.request.prompts.ids + job_.request.prompts.offsets[g.share.prompt], g.prefix_length, g.prefix});
  return true;
}

// The prefixes of the groups that were opened. False where that was cancelled.
bool Decoder::fill_prefixes() {
  if (!prefill(job_.model, job_.weights, mem_.activations, mem_.activation_rows, unfilled_, crew_, job_.control))
    return false;
  for (const Prefix& prefix : unfilled_) prefill_tokens += prefix.length;
  unfilled_.clear();
  return true;
}

// One token for every slot.
void Decoder::decode() {
  const Model& m = job_.model;
  const int64_t n = static_cast<int64_t>(slots_.size());
  rows_.clear();
  ids_.clear();
  for (const Slot& s : slots_) {
    const Group& g = groups_[s.group];
    SequenceRows r{};
    r.row0 = static_cast<int64_t>(rows_.size());
    r.rows = 1;
    r.position0 = g.prefix_length + s.length;
    r.own0 = s.length;
    r.own = {mem_.own + s.cache * kv_cache_bytes(m, mem_.own_capacity), mem_.own_capacity};
    r.prefix = g.prefix;
    r.prefix_length = g.prefix_length;
    rows_.push_back(r);
    ids_.push_back(s.token);
  }
  embed(m, job_.weights, mem_.activations.x_first(), ids_.data(), n);
  forward_layers(m, job_.weights, mem_.activations, rows_.data(), n, false, crew_);
  final_norm(m, job_.weights, mem_.normed, mem_.rstd, mem_.activations.x_last(), n);
  head_logits(m, job_.weights, mem_.logits, logits_stride(m), mem_.normed, n, crew_);
  crew_.run(n, [&](int64_t i, int worker) {
    draw(slots_[static_cast<size_t>(i)], mem_.logits + i * logits_stride(m), mem_.draw + worker * m.config.vocab);
  });
  size_t kept = 0;
  for (size_t i = 0; i < slots_.size(); ++i)
    if (!finished(slots_[i])) slots_[kept++] = slots_[i];
  slots_.resize(kept);
  job_.tokens_done.fetch_add(n, std::memory_order_relaxed);
}

// Draws the slot's next token from its logits; -1 where nothing can be drawn.
void Decoder::draw(Slot& s, const float* logits, float* scratch) {
  const GenerateRequest& q = job_.request;
  const Kernels& k = *job_.model.kernels;
  const int64_t vocab = job_.model.config.vocab;
  const int32_t prompt = groups_[s.group].share.prompt;
  DrawKey key{};
  key.purpose = q.purpose;
  key.step = q.step;
  key.prompt = static_cast<uint32_t>(q.prompt_keys ? q.prompt_keys[prompt] : prompt);
  key.sample = static_cast<uint32_t>(s.sample);
  key.position = static_cast<uint32_t>(s.length);
  s.token = k.sampling->draw(logits, vocab, q.logit_bias, q.sampling, key, scratch);
  if (s.token < 0) return;
  const float temperature = q.sampling.temperature == 0 ? 1 : q.sampling.temperature;
  float stats[2];
  const size_t at = static_cast<size_t>(s.place + s.length++);
  k.head->logp_row(logits, vocab, 1 / temperature, s.token, &job_.logps[at], &job_.entropies[at], stats);
  job_.tokens[at] = s.token;
}

// Whether the slot's completion ends with the token just drawn.
bool Decoder::finished(const Slot& s) {
  if (s.token < 0) {
    job_.unusable = job_.row(groups_[s.group].share.prompt, s.sample);
    close(s, Finish::cancelled);
    return true;
  }
  const bool stop = job_.is_stop(s.token);
  if (!stop && s.length < s.budget) return false;
  close(s, stop ? Finish::stop : Finish::length);
  return true;
}

void Decoder::close(const Slot& s, Finish finish) {
  Group& g = groups_[s.group];
  const size_t row = static_cast<size_t>(job_.row(g.share.prompt, s.sample));
  job_.lengths[row] = s.length;
  job_.finish[row] = static_cast<int8_t>(finish);
  free_own_.push_back(s.cache);
  if (--g.live == 0 && s.group != open_) {
    if (job_.prefixes.empty()) free_prefix_.push_back(g.cache);
    free_groups_.push_back(s.group);
  }
  job_.rows_done.fetch_add(1, std::memory_order_relaxed);
}

void Decoder::report(bool last) {
  if (!job_.control.progress) return;
  const double now = seconds_now();
  if (!last && now - last_report_ < kReportSeconds) return;
  last_report_ = now;
  job_.control.progress(job_.rows_done.load(std::memory_order_relaxed), static_cast<int64_t>(job_.lengths.size()),
                        job_.tokens_done.load(std::memory_order_relaxed));
}

}  // namespace glossa
