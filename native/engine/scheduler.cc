#include "engine/scheduler.h"

#include <algorithm>
#include <utility>

namespace glossa {

Scheduler::Scheduler(Generation& job, KvStore& store, int64_t slots, int64_t pages, int64_t passes, int64_t looks)
    : job_(job), store_(store), slot_count_(slots), most_(pages), most_passes_(passes), looks_(looks) {
  slots_.reserve(static_cast<size_t>(slots));
  waiting_.reserve(static_cast<size_t>(slots));
}

Scheduler::~Scheduler() {
  stop();
}

bool Scheduler::next(DecodeRound* round) {
  ahead_ = passes_ahead();
  need_pages();
  const int64_t fair = fair_slots();
  while (static_cast<int64_t>(slots_.size()) < (open_.first < open_.end ? slot_count_ : fair) && admit()) {
  }
  round->missing.clear();
  add_missing(round);
  DecodeBatch& batch = round->batch;
  batch.sequences.clear();
  batch.ids.clear();
  batch.left.clear();
  batch.draws.clear();
  batch.from.clear();
  batch.kept_words = job_.kept_words;
  round->slots.clear();
  for (Slot& s : slots_)
    if (s.length + s.ahead < s.budget) add_row(s, round);
  if (round->slots.empty()) return false;
  batch.passes = std::min<int64_t>(ahead_, *std::max_element(batch.left.begin(), batch.left.end()));
  for (Slot& s : slots_) s.ahead = static_cast<int32_t>(std::min<int64_t>(s.ahead + batch.passes, s.budget - s.length));
  return true;
}

void Scheduler::filled() {
  if (!missing_) return;
  for (auto& [group, prompt] : prompts_) {
    if (prompt.missing) prompt.kept->filled = true;
    prompt.missing = false;
  }
  for (Slot& s : slots_) s.missing = false;
  missing_ = false;
}

void Scheduler::drawn(const DecodeRound& round) {
  const DecodeBatch& batch = round.batch;
  const size_t rows = round.slots.size();
  std::vector<Slot*> slots(rows);  // null: it is over, or gave its pages back
  for (size_t i = 0, at = 0; i < rows; ++i) {
    while (at < slots_.size() && slots_[at].number < round.slots[i]) ++at;
    if (at < slots_.size() && slots_[at].number == round.slots[i]) slots[i] = &slots_[at];
  }
  int64_t tokens = 0;
  for (int64_t pass = 0; pass < batch.passes && (pass == 0 || !job_.fails()); ++pass)
    for (size_t i = 0; i < rows; ++i) {
      if (!slots[i] || slots[i]->over) continue;
      const size_t at = static_cast<size_t>(pass) * rows + i;
      take(*slots[i], batch.draws[at], batch.kept.data() + at * static_cast<size_t>(batch.kept_words));
      ++tokens;
    }
  std::erase_if(slots_, [](const Slot& s) { return s.over; });
  job_.tokens_done.fetch_add(tokens, std::memory_order_relaxed);
}

// A slot's next token.
void Scheduler::take(Slot& s, const Draw& d, const uint32_t* kept) {
  s.token = d.token;
  --s.ahead;
  Finish finish = Finish::cancelled;
  if (s.token < 0) {
    job_.unusable = s.row;
  } else {
    const size_t at = static_cast<size_t>(job_.places[static_cast<size_t>(s.row)] + s.length++);
    job_.tokens[at] = s.token;
    job_.logps[at] = d.logp;
    job_.entropies[at] = d.entropy;
    if (job_.kept_words > 0) job_.keep(s.row, static_cast<int64_t>(at), kept);
    const bool stop = job_.is_stop(s.token);
    if (!stop && s.length < s.budget) return;
    finish = stop ? Finish::stop : Finish::length;
    ++ended_;
    ended_tokens_ += s.length;
  }
  s.over = true;
  release(s);
  close(s, finish);
}

void Scheduler::stop() {
  open_holds(false);
  for (Slot& s : slots_) {
    release(s);
    close(s, Finish::cancelled);
  }
  for (const Slot& s : waiting_) close(s, Finish::cancelled);
  slots_.clear();
  waiting_.clear();
}

// Until the host looks again: a slot whose completion is over rests for half of them on average, and for all of those
// that are asked for by then. A few in a hundred of all passes at most.
int64_t Scheduler::passes_ahead() const {
  const int64_t kTokensOfPass = 16 * (2 * looks_ - 1);
  if (job_.request.look_every > 0) return std::min<int64_t>(job_.request.look_every, most_passes_);
  if (ended_ == 0) return most_passes_;
  return std::clamp<int64_t>(ended_tokens_ / ended_ / kTokensOfPass, 1, most_passes_);
}

// That a slot has or needs for the passes until then.
int64_t Scheduler::pages_ahead(const Slot& s) const {
  return store_.pages_of(std::min<int64_t>(s.length + s.ahead + ahead_, s.budget));
}

// How many slots to fill now. Near the end whoever comes first must not take all that is left: at most a lane's part of
// it, and not beyond its part of all that is left or in flight.
int64_t Scheduler::fair_slots() const {
  const int64_t taken = job_.rows_taken.load(std::memory_order_relaxed);
  const int64_t left = job_.rows() - taken;
  const int64_t unfinished = left + taken - job_.rows_done.load(std::memory_order_relaxed);
  auto part = [&](int64_t rows) { return (rows + job_.lanes - 1) / job_.lanes; };
  const int64_t held = static_cast<int64_t>(slots_.size() + waiting_.size());
  return std::min({slot_count_, held + part(left), std::max<int64_t>(part(unfinished), 1)});
}

// Every slot gets the pages of its next tokens, the oldest first.
void Scheduler::need_pages() {
  for (size_t i = 0; i < slots_.size(); ++i)
    while (i < slots_.size() && static_cast<int64_t>(slots_[i].pages.size()) < pages_ahead(slots_[i])) {
      if (take_page(slots_[i])) continue;
      if (open_holds_) {
        open_holds(false);
        continue;
      }
      release(slots_.back());
      slots_.back().ahead = 0;
      waiting_.push_back(std::move(slots_.back()));
      slots_.pop_back();
    }
}

// Whether one more completion is in flight.
bool Scheduler::admit() {
  return waiting_.empty() ? begin() : resume();
}

void Scheduler::push(Slot&& s) {
  s.number = pushed_++;
  slots_.push_back(std::move(s));
}

bool Scheduler::resume() {
  open_holds(false);
  push(std::move(waiting_.back()));
  waiting_.pop_back();
  if (furnish(slots_.back())) return true;
  waiting_.push_back(std::move(slots_.back()));
  slots_.pop_back();
  return false;
}

bool Scheduler::begin() {
  if (open_.first == open_.end && !open_share()) return false;
  Slot s{};
  s.row = group(open_.group).rows[static_cast<size_t>(open_.first)];
  s.group = open_.group;
  s.token = job_.last_prompt_id(s.row);
  s.budget = budget_of(job_.request, job_.prompt_of(s.row));
  push(std::move(s));
  if (!furnish(slots_.back())) {
    slots_.pop_back();
    return false;
  }
  open_holds(++open_.first < open_.end);
  return true;
}

void Scheduler::open_holds(bool holds) {
  if (holds == open_holds_) return;
  open_holds_ = holds;
  holds ? static_cast<void>(hold_prompt(open_.group)) : let_go_prompt(open_.group);
}

bool Scheduler::open_share() {
  const int64_t share = job_.next_share.fetch_add(1, std::memory_order_relaxed);
  if (share >= static_cast<int64_t>(job_.shares.size())) return false;
  open_ = job_.shares[static_cast<size_t>(share)];
  job_.rows_taken.fetch_add(open_.end - open_.first, std::memory_order_relaxed);
  return true;
}

// The pages that a completion and its prompt need for the next tokens. False where there is no room: then it has none.
bool Scheduler::furnish(Slot& s) {
  const int64_t own = pages_ahead(s);
  s.pages.reserve(static_cast<size_t>(store_.pages_of(s.budget)));
  bool room = hold_prompt(s.group) && has_room(own);
  while (room && static_cast<int64_t>(s.pages.size()) < own) room = take_page(s);
  s.missing = s.length > 0;
  missing_ = missing_ || s.missing;
  s.prompt = group(s.group).length > 0 ? prompts_.at(s.group).kept : nullptr;
  if (!room) release(s);
  return room;
}

bool Scheduler::take_page(Slot& s) {
  const Address page = has_room(1) ? store_.take() : Address();
  if (!page) return false;
  s.pages.push_back(page);
  ++taken_;
  return true;
}

// False where there is no room for it; held even so, until it is let go.
bool Scheduler::hold_prompt(int32_t index) {
  const PromptGroup& g = group(index);
  if (g.length == 0) return true;
  Prompt& p = prompts_.try_emplace(index, Prompt{nullptr, 0, false}).first->second;
  ++p.slots;
  if (p.kept) return true;
  if (!has_room(prompt_pages(g))) return false;
  p.kept = store_.pin(g.ids, g.length);
  if (!p.kept) return false;
  p.missing = !p.kept->filled;
  missing_ = missing_ || p.missing;
  taken_ += prompt_pages(g);
  return true;
}

void Scheduler::let_go_prompt(int32_t index) {
  const auto found = prompts_.find(index);
  if (found == prompts_.end() || --found->second.slots > 0) return;
  if (KeptPrompt* kept = found->second.kept) {
    taken_ -= prompt_pages(group(index));
    store_.unpin(kept, job_.request.keep_prompts);
  }
  prompts_.erase(found);
}

// Of the lane's own; prompts that all lanes read are counted elsewhere.
int64_t Scheduler::prompt_pages(const PromptGroup& g) const {
  return job_.prompts_ready ? 0 : store_.pages_of(g.length);
}

KvCache Scheduler::prefix_of(const Slot& s) const {
  return s.prompt ? store_.cache(s.prompt->pages) : KvCache{};
}

void Scheduler::release(Slot& s) {
  store_.give(s.pages);
  taken_ -= static_cast<int64_t>(s.pages.size());
  s.pages.clear();
  let_go_prompt(s.group);
}

void Scheduler::close(const Slot& s, Finish finish) {
  job_.close(s.row, s.length, finish);
}

// Prompts first: the rows of completions read them.
void Scheduler::add_missing(DecodeRound* round) {
  if (!missing_) return;
  for (const auto& [index, prompt] : prompts_) {
    if (!prompt.missing) continue;
    const PromptGroup& g = group(index);
    round->missing.push_back({g.ids, g.length, 0, store_.cache(prompt.kept->pages), {}, 0});
    prompt_tokens += g.length;
  }
  lost_.clear();
  for (const Slot& s : slots_) {
    if (!s.missing) continue;
    std::vector<int32_t> ids{job_.last_prompt_id(s.row)};
    const auto tokens = job_.tokens.begin() + job_.places[static_cast<size_t>(s.row)];
    ids.insert(ids.end(), tokens, tokens + s.length - 1);
    lost_.push_back(std::move(ids));
    const PromptGroup& g = group(s.group);
    round->missing.push_back({lost_.back().data(), s.length, g.length, store_.cache(s.pages), prefix_of(s), g.length});
    recomputed_tokens += s.length;
  }
}

void Scheduler::add_row(Slot& s, DecodeRound* round) const {
  const PromptGroup& g = group(s.group);
  DecodeBatch* const batch = &round->batch;
  const int32_t length = s.length + s.ahead;
  batch->from.push_back(s.ahead > 0 ? s.at : -1);
  s.at = static_cast<int32_t>(batch->rows());
  round->slots.push_back(s.number);
  SequenceRows r{};
  r.row0 = batch->rows();
  r.rows = 1;
  r.position0 = g.length + length;
  r.own0 = length;
  r.own = store_.cache(s.pages);
  r.prefix = prefix_of(s);
  r.prefix_length = g.length;
  batch->sequences.push_back(r);
  batch->ids.push_back(s.token);
  batch->left.push_back(s.budget - length);
  const GenerateRequest& q = job_.request;
  const int32_t prompt = job_.prompt_of(s.row);
  Draw d{};
  d.key.purpose = q.purpose;
  d.key.step = q.step;
  d.key.prompt = static_cast<uint32_t>(q.prompt_keys ? q.prompt_keys[prompt] : prompt);
  d.key.sample = static_cast<uint32_t>(job_.sample_of(s.row));
  d.key.position = static_cast<uint32_t>(length);
  d.bias = !q.logit_bias ? -1 : q.bias_of ? q.bias_of[prompt] : 0;
  batch->draws.push_back(d);
}

}  // namespace glossa
