#include "engine/decoder.h"

#include <algorithm>

namespace glossa {
namespace {

constexpr int64_t kPrefillRows = 104;
constexpr double kReportSeconds = 0.1;

}  // namespace

DecoderMemory carve_decoder(const Model& m, Carver& c, int64_t slots, int64_t longest_prompt, int64_t longest_budget) {
  DecoderMemory d{};
  d.activation_rows = std::max(slots, std::min(kPrefillRows, longest_prompt));
  d.activations = carve_activations(m, c, d.activation_rows, false);
  d.normed = c.elements(m.dtype, slots * m.config.hidden);
  d.rstd = c.floats(slots);
  d.logits = c.floats(slots * logits_stride(m));
  d.draw = c.floats(m.config.vocab);
  d.scratch = c.bytes(forward_scratch_bytes(m, longest_prompt + longest_budget));
  d.own_capacity = kv_capacity(longest_budget);
  d.prefix_capacity = kv_capacity(longest_prompt);
  d.own = static_cast<uint8_t*>(c.bytes(slots * kv_cache_bytes(m, d.own_capacity)));
  d.prefixes = static_cast<uint8_t*>(c.bytes(slots * kv_cache_bytes(m, d.prefix_capacity)));
  return d;
}

Decoder::Decoder(GenerateJob& job, const DecoderMemory& memory, int64_t slots, bool reports)
    : job_(job), mem_(memory), slot_count_(slots), reports_(reports) {
  for (int64_t i = slots - 1; i >= 0; --i) {
    free_own_.push_back(i);
    free_prefix_.push_back(i);
  }
}

void Decoder::run() {
  while (!is_cancelled(job_.control) && job_.unusable < 0) {
    while (static_cast<int64_t>(slots_.size()) < slot_count_ && admit()) {
    }
    if (slots_.empty()) break;
    double start = seconds_now();
    decode();
    decode_seconds += seconds_now() - start;
    if (reports_) report(false);
  }
  for (const Slot& s : slots_) close(s, Finish::cancelled);
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
  g.next = g.share.sample0;
  g.live = 0;
  g.cache = free_prefix_.back();  // a group in use holds a slot, so there is always one left
  free_prefix_.pop_back();
  g.prefix = {mem_.prefixes + g.cache * kv_cache_bytes(job_.model, mem_.prefix_capacity), mem_.prefix_capacity};
  g.prefix_length = job_.request.prompts.length(g.share.prompt) - 1;
  double start = seconds_now();
  prefill(g);
  prefill_seconds += seconds_now() - start;
  return true;
}

void Decoder::prefill(Group& g) {
  const int32_t* ids = job_.request.prompts.ids + job_.request.prompts.offsets[g.share.prompt];
  for (int64_t at = 0; at < g.prefix_length; at += mem_.activation_rows) {
    SequenceRows rows{};
    rows.rows = std::min(mem_.activation_rows, g.prefix_length - at);
    rows.position0 = rows.own0 = at;
    rows.own = g.prefix;
    embed(job_.model, job_.weights, mem_.activations.x_first(), ids + at, rows.rows);
    forward_layers(job_.model, job_.weights, mem_.activations, &rows, 1, true, mem_.scratch);
  }
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
  forward_layers(m, job_.weights, mem_.activations, rows_.data(), n, false, mem_.scratch);
  final_norm(m, job_.weights, mem_.normed, mem_.rstd, mem_.activations.x_last(), n);
  head_logits(m, job_.weights, mem_.logits, logits_stride(m), mem_.normed, n);
  size_t kept = 0;
  for (size_t i = 0; i < slots_.size(); ++i)
    if (!finished(slots_[i], mem_.logits + static_cast<int64_t>(i) * logits_stride(m))) slots_[kept++] = slots_[i];
  slots_.resize(kept);
  job_.tokens_done.fetch_add(n, std::memory_order_relaxed);
}

// Draws the slot's next token from its logits; true when the completion ends with it.
bool Decoder::finished(Slot& s, const float* logits) {
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
  s.token = k.sampling->draw(logits, vocab, q.logit_bias, q.sampling, key, mem_.draw);
  if (s.token < 0) {
    job_.unusable = job_.row(prompt, s.sample);
    close(s, Finish::cancelled);
    return true;
  }
  const float temperature = q.sampling.temperature == 0 ? 1 : q.sampling.temperature;
  float stats[2];
  const size_t at = static_cast<size_t>(s.place + s.length++);
  k.head->logp_row(logits, vocab, 1 / temperature, s.token, &job_.logps[at], &job_.entropies[at], stats);
  job_.tokens[at] = s.token;
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
    free_prefix_.push_back(g.cache);
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
