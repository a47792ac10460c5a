// Which completions are in flight on a lane, and where their keys and values lie. It knows the host alone: what is to
// be computed it says pass by pass, and is told what was drawn.
//
// A slot holds a completion in flight. Completions begin while slots and pages are left; where a page is wanted and
// none is left, the youngest gives its own back and waits, and goes on when there is room, its keys and values computed
// anew from the tokens that it has. As a row's bits depend on that row alone, none of this changes a result.
//
// Rounds may begin before those before them are drawn: a completion whose last tokens are not known yet goes on from
// its row of the round before. What is drawn for one that is over by then, or has given its pages back, is left out.
#pragma once
#include <map>
#include <vector>

#include "engine/generation.h"
#include "engine/kv_store.h"
#include "engine/prefill.h"

namespace glossa {

// What comes before the host looks again: first the keys and values that are missing, then a token for every row, or
// several.
struct DecodeRound {
  std::vector<Prefill> missing;
  DecodeBatch batch;
  std::vector<int64_t> slots;  // whose the rows are
};

class Scheduler {
 public:
  // At most `pages` pages at a time; those of one completion and its prompt must fit. A round has at most `passes`
  // passes, and `looks` rounds are under way at a time.
  Scheduler(Generation&, KvStore&, int64_t slots, int64_t pages, int64_t passes, int64_t looks = 1);
  ~Scheduler();  // gives everything back
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // False where nothing is left to begin. Throws std::bad_alloc.
  bool next(DecodeRound*);
  // What was missing for it is computed, or asked for before its passes.
  void filled();
  // Of the round that was begun first: its draws are made.
  void drawn(const DecodeRound&);
  // Ends what is in flight.
  void stop();

  int64_t looks() const { return looks_; }

  int64_t prompt_tokens = 0;      // of prompts that were missing
  int64_t recomputed_tokens = 0;  // of completions that were

 private:
  struct Slot {
    int64_t number;  // in the order of slots_
    int32_t row, group;
    int32_t token, length, budget;
    int32_t ahead;  // tokens that are asked for, and not drawn yet
    int32_t at;     // its row of the last round
    bool over;
    bool missing;              // the keys and values of its own rows
    const KeptPrompt* prompt;  // null: it has no prefix
    std::vector<Address> pages;
  };
  struct Prompt {
    KeptPrompt* kept;
    int64_t slots;  // that read it
    bool missing;
  };
  int64_t passes_ahead() const;
  int64_t pages_ahead(const Slot&) const;
  int64_t fair_slots() const;
  bool open_share();
  bool admit();
  bool begin();
  bool resume();
  bool furnish(Slot&);
  bool take_page(Slot&);
  void open_holds(bool);
  bool hold_prompt(int32_t group);
  void let_go_prompt(int32_t group);
  void need_pages();
  void release(Slot&);
  int64_t prompt_pages(const PromptGroup&) const;
  KvCache prefix_of(const Slot&) const;
  void close(const Slot&, Finish);
  void take(Slot&, const Draw&, const uint32_t* kept);
  void add_missing(DecodeRound*);
  void add_row(Slot&, DecodeRound*) const;
  void push(Slot&&);
  bool has_room(int64_t pages) const { return taken_ + pages <= most_; }
  const PromptGroup& group(int32_t i) const { return job_.groups[static_cast<size_t>(i)]; }

  Generation& job_;
  KvStore& store_;
  const int64_t slot_count_, most_, most_passes_, looks_;
  int64_t pushed_ = 0;
  int64_t ahead_ = 1;                       // passes that slots have pages for
  int64_t ended_ = 0, ended_tokens_ = 0;    // completions, and tokens of these
  int64_t taken_ = 0;                       // pages, of prompts too where the lane encodes them
  std::vector<Slot> slots_;                 // the oldest first
  std::vector<Slot> waiting_;               // the oldest last
  std::map<int32_t, Prompt> prompts_;       // by group
  bool missing_ = false;                    // any prompt's or slot's: else nobody looks for them
  Share open_{-1, 0, 0};                    // whose completions are being started
  bool open_holds_ = false;                 // its prompt, between its completions
  std::vector<std::vector<int32_t>> lost_;  // ids of completions whose keys are missing
};

}  // namespace glossa
