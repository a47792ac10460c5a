#include "engine/decoder.h"

#include <algorithm>

#include "model/head_loss.h"

namespace glossa {
namespace {

constexpr double kReportSeconds = 0.1;

}  // namespace

DecoderMemory carve_decoder(const Device& device, const Model& m, Carver& c, const DecoderSize& size) {
  const int64_t slots = size.slots;
  DecoderMemory d{};
  d.activation_rows = std::max(slots, prefill_rows(size.prefixes * size.longest_prompt, device.traits().block_rows));
  d.activations = carve_activations(device.traits().activations, m, c, d.activation_rows, false);
  d.normed = c.rows(m.dtype, slots, m.config.hidden);
  d.rstd = c.values(slots);
  d.logits = logits_rows(m, c.values(slots * logits_stride(m)));
  d.own_capacity = kv_capacity(size.longest_budget);
  d.prefix_capacity = kv_capacity(size.longest_prompt);
  for (int64_t i = 0; i < slots; ++i) d.own.push_back(c.bytes(kv_cache_bytes(m, d.own_capacity)));
  for (int64_t i = 0; i < size.prefixes; ++i) d.prefixes.push_back(c.bytes(kv_cache_bytes(m, d.prefix_capacity)));
  return d;
}

Decoder::Decoder(GenerateJob& job, const DecoderMemory& memory, const DecoderSize& size, Ops& ops, bool reports)
    : job_(job), mem_(memory), slot_count_(size.slots), ops_(ops), reports_(reports) {
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

// How many slots to fill now. Near the end whoever comes first must not take all that is left: at most a decoder's part
// of it, and not beyond its part of all that is left or in flight.
int64_t Decoder::fair_slots() const {
  const int64_t taken = job_.rows_taken.load(std::memory_order_relaxed);
  const int64_t left = static_cast<int64_t>(job_.lengths.size()) - taken;
  const int64_t unfinished = left + taken - job_.rows_done.load(std::memory_order_relaxed);
  auto part = [&](int64_t rows) { return (rows + job_.decoders - 1) / job_.decoders; };
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
  g.prefix = {&mem_.prefixes[static_cast<size_t>(g.cache)], mem_.prefix_capacity};
  if (g.prefix_length > 0)
    unfilled_.push_back(
        {job_.request.prompts.ids + job_.request.prompts.offsets[g.share.prompt], g.prefix_length, g.prefix});
  return true;
}

// The prefixes of the groups that were opened. False where that was cancelled.
bool Decoder::fill_prefixes() {
  if (!prefill(ops_, job_.model, job_.weights, mem_.activations, mem_.activation_rows, unfilled_, job_.control))
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
    r.own = {&mem_.own[static_cast<size_t>(s.cache)], mem_.own_capacity};
    r.prefix = g.prefix;
    r.prefix_length = g.prefix_length;
    rows_.push_back(r);
    ids_.push_back(s.token);
  }
  ops_.embed(mem_.activations.x_first(), job_.weights.table(), ids_.data(), n);
  forward_layers(ops_, m, job_.weights, mem_.activations, rows_.data(), n, false);
  final_norm(ops_, m, job_.weights, mem_.normed, mem_.rstd, mem_.activations.x_last(), n);
  head_logits(ops_, m, job_.weights, mem_.logits, mem_.normed, n);
  draw();
  size_t kept = 0;
  for (size_t i = 0; i < slots_.size(); ++i)
    if (!finished(slots_[i])) slots_[kept++] = slots_[i];
  slots_.resize(kept);
  job_.tokens_done.fetch_add(n, std::memory_order_relaxed);
}

// Draws every slot's next token; -1 where nothing can be drawn.
void Decoder::draw() {
  const GenerateRequest& q = job_.request;
  draws_.clear();
  for (const Slot& s : slots_) {
    const int32_t prompt = groups_[s.group].share.prompt;
    Draw d{};
    d.key.purpose = q.purpose;
    d.key.step = q.step;
    d.key.prompt = static_cast<uint32_t>(q.prompt_keys ? q.prompt_keys[prompt] : prompt);
    d.key.sample = static_cast<uint32_t>(s.sample);
    d.key.position = static_cast<uint32_t>(s.length);
    draws_.push_back(d);
  }
  const float temperature = q.sampling.temperature == 0 ? 1 : q.sampling.temperature;
  ops_.sample(mem_.logits, {q.sampling, q.logit_bias, 1 / temperature}, draws_.data(),
              static_cast<int64_t>(draws_.size()));
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& s = slots_[i];
    s.token = draws_[i].token;
    if (s.token < 0) continue;
    const size_t at = static_cast<size_t>(s.place + s.length++);
    job_.tokens[at] = s.token;
    job_.logps[at] = draws_[i].logp;
    job_.entropies[at] = draws_[i].entropy;
  }
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
