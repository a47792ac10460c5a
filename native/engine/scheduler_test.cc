// The scheduler beside a device that computes nothing: what a page would hold is kept in a map, so that a row that
// reads a key which is not there, or another's, shows.
#include "engine/scheduler.h"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <random>

#include "device/fake_device.h"
#include "engine/test_models.h"
#include "tool/test.h"

namespace glossa::test {
namespace {

constexpr int64_t kPositions = 16;

// What a sequence is up to a position: the ids, folded.
uint64_t fold(uint64_t history, int32_t id) {
  return philox4x32(history, static_cast<uint32_t>(id), static_cast<uint32_t>(history >> 32), 1, 2).v[0] |
         static_cast<uint64_t>(philox4x32(history, static_cast<uint32_t>(id), 5, 3, 4).v[0]) << 32;
}

struct Limits {
  int lanes;
  int64_t slots, pages;   // of a lane
  int64_t passes, looks;  // of a round; under way at a time
  bool shared;            // prompts are encoded before
};

class Simulation {
 public:
  Simulation(unsigned seed, const Limits& limits) : random_(seed), limits_(limits) {
    const int prompts = 1 + static_cast<int>(random_() % 9);
    for (int i = 0; i < prompts; ++i) {
      std::vector<int32_t> ids = random_ids(seed * 100 + random_() % 6, 1 + random_() % 60, 50);  // some come twice
      prompts_.add(ids);
      budgets_.push_back(1 + static_cast<int32_t>(random_() % 40));
    }
    request_.prompts = prompts_.view();
    request_.num_generations = 1 + random_() % 5;
    request_.max_new_tokens = 40;
    request_.budgets = budgets_.data();
    request_.stop_ids = {7};
    for (int i = 0; i < prompts; ++i) order_.push_back(i);
    std::shuffle(order_.begin(), order_.end(), random_);
    request_.admission = order_.data();
    request_.keep_prompts = random_() % 2 == 0;
  }

  // The page limit is that of a lane and, in all, of the store.
  void run() {
    FakeDevice device;
    int64_t shared = 0;
    Generation job(request_, 0);
    for (const PromptGroup& g : job.groups) shared += (g.length + kPositions - 1) / kPositions;
    const int64_t most = limits_.pages * limits_.lanes + (limits_.shared ? shared : 0);
    KvStore store(device, (1 << 20) - 64, kPositions, static_cast<int64_t>(random_() % 20) << 20, most);
    job.lanes = limits_.lanes;
    job.prompts_ready = limits_.shared;
    job.deal(limits_.shared ? 1 + random_() % 4 : 1);
    std::vector<KeptPrompt*> pinned;
    for (const PromptGroup& g : job.groups) {
      if (!limits_.shared || g.length == 0) continue;
      pinned.push_back(store.pin(g.ids, g.length));
      fill({g.ids, g.length, 0, store.cache(pinned.back()->pages), {}, 0});
      pinned.back()->filled = true;
    }
    {
      std::vector<Lane> lanes(static_cast<size_t>(limits_.lanes));
      for (Lane& lane : lanes)
        lane.scheduler =
            std::make_unique<Scheduler>(job, store, limits_.slots, limits_.pages, limits_.passes, limits_.looks);
      while (!lanes.empty()) {
        const size_t which = random_() % lanes.size();
        Lane& lane = lanes[which];
        Scheduler& scheduler = *lane.scheduler;
        DecodeRound round;
        if (static_cast<int64_t>(lane.rounds.size()) < limits_.looks && scheduler.next(&round)) {
          CHECK(static_cast<int64_t>(round.batch.sequences.size()) <= limits_.slots);
          CHECK(store.taken() <= most);
          compute(&round, &lane.last);
          scheduler.filled();
          lane.rounds.push_back(std::move(round));
        } else if (!lane.rounds.empty()) {
          scheduler.drawn(lane.rounds.front());
          lane.rounds.pop_front();
        } else {
          recomputed += scheduler.recomputed_tokens;
          prompt_tokens += scheduler.prompt_tokens;
          lanes.erase(lanes.begin() + static_cast<std::ptrdiff_t>(which));
        }
      }
    }
    for (KeptPrompt* p : pinned) store.unpin(p, true);
    store.release(0);
    CHECK_EQ(store.taken(), 0);
    CHECK_EQ(device.held, 0);
    check(job);
  }

  int64_t recomputed = 0, prompt_tokens = 0;
  int64_t distinct_ids() const {
    int64_t n = 0;
    for (const PromptGroup& g : Generation(request_, 0).groups) n += g.length;
    return n;
  }

 private:
  struct Lane {
    std::unique_ptr<Scheduler> scheduler;
    std::deque<DecodeRound> rounds;  // under way
    std::vector<int32_t> last;       // what the rows of the newest drew last; kResting
  };
  uint64_t& key(const KvCache& cache, int64_t position) {
    return keys_[{reinterpret_cast<uintptr_t>(cache.pages[position / cache.positions].as<void>()),
                  position % cache.positions}];
  }
  uint64_t last(const KvCache& prefix, int64_t prefix_length, const KvCache& own, int64_t own_length) {
    return own_length > 0 ? key(own, own_length - 1) : prefix_length > 0 ? key(prefix, prefix_length - 1) : 1;
  }
  void fill(const Prefill& p) {
    uint64_t history = last(p.prefix, p.prefix_length, {}, 0);
    for (int64_t i = 0; i < p.length; ++i) key(p.own, i) = history = fold(history, p.ids[i]);
  }
  static int32_t draw(uint64_t history, uint32_t sample) {
    return static_cast<int32_t>(philox4x32(history, sample, 9, 9, 9).v[0] % 40);
  }
  void compute(DecodeRound* round, std::vector<int32_t>* last) {
    for (const Prefill& p : round->missing) fill(p);
    DecodeBatch& b = round->batch;
    const size_t rows = b.ids.size();
    b.draws.resize(static_cast<size_t>(b.passes) * rows);
    std::vector<bool> over(rows);
    for (size_t i = 0; i < rows; ++i) {
      if (b.from[i] < 0) continue;
      b.ids[i] = last->at(static_cast<size_t>(b.from[i]));
      over[i] = b.ids[i] == kResting;
    }
    for (size_t at = 0; at < b.draws.size(); ++at) {
      const size_t i = at % rows;
      Draw& d = b.draws[at];
      if (over[i]) {
        d.token = kResting;
        continue;
      }
      if (at >= rows) {
        const Draw& before = b.draws[at - rows];
        d.key = before.key;
        ++d.key.position;
        b.ids[i] = before.token;
        ++b.sequences[i].own0;
        ++b.sequences[i].position0;
      }
      const SequenceRows& r = b.sequences[i];
      CHECK_EQ(r.position0, r.prefix_length + r.own0);
      // every key that the row sees is that of its own sequence
      const int32_t* prompt = prompts_.ids.data() + prompts_.offsets[d.key.prompt];
      uint64_t history = 1;
      for (int64_t j = 0; j < r.prefix_length; ++j) CHECK_EQ(key(r.prefix, j), history = fold(history, prompt[j]));
      int32_t id = prompt[r.prefix_length];
      for (int64_t j = 0; j < r.own0; ++j) {
        CHECK_EQ(key(r.own, j), history = fold(history, id));
        id = draw(history, d.key.sample);
      }
      CHECK_EQ(b.ids[i], id);
      CHECK_EQ(static_cast<int64_t>(d.key.position), r.own0);
      key(r.own, r.own0) = history = fold(history, id);
      d.token = draw(history, d.key.sample);
      d.logp = static_cast<float>(d.key.position);
      over[i] = --b.left[i] == 0 || d.token == 7;
    }
    last->assign(rows, kResting);
    for (size_t i = 0; i < rows; ++i)
      if (!over[i]) (*last)[i] = b.draws[b.draws.size() - rows + i].token;
  }
  void check(Generation& job) const {
    const Rollout out = job.collect(0);
    size_t at = 0;
    for (size_t row = 0; row < out.finish.size(); ++row) {
      const size_t p = row / static_cast<size_t>(request_.num_generations);
      const uint32_t sample = static_cast<uint32_t>(row % static_cast<size_t>(request_.num_generations));
      uint64_t history = 1;
      for (int32_t i = prompts_.offsets[p]; i < prompts_.offsets[p + 1]; ++i)
        history = fold(history, prompts_.ids[static_cast<size_t>(i)]);
      int32_t n = 0, id = 0;
      do {
        id = draw(history, sample);
        CHECK(at < out.completion_ids.size());
        if (at >= out.completion_ids.size()) return;
        CHECK_EQ(out.completion_ids[at], id);
        CHECK_EQ(out.logps[at++], static_cast<float>(n));
        history = fold(history, id);
      } while (++n < budgets_[p] && id != 7);
      CHECK_EQ(out.finish[row], static_cast<int8_t>(id == 7 ? Finish::stop : Finish::length));
      CHECK_EQ(static_cast<int32_t>(at), out.completion_offsets[row + 1]);
    }
    CHECK_EQ(at, out.completion_ids.size());
    CHECK_EQ(job.rows_done.load(), job.rows());
  }

  std::mt19937 random_;
  const Limits limits_;
  IdLists prompts_;
  std::vector<int32_t> budgets_, order_;
  GenerateRequest request_;
  std::map<std::pair<uintptr_t, int64_t>, uint64_t> keys_;
};

}  // namespace

TEST(
    "scheduler: every completion reads its own keys and gets its own tokens, whatever the lanes, slots, pages, passes "
    "and looks") {
  int64_t recomputed = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed + 1000);
    Limits limits;
    limits.lanes = 1 + static_cast<int>(random() % 3);
    limits.slots = 1 + static_cast<int64_t>(random() % 9);
    limits.passes = seed % 2 ? 1 : 1 + static_cast<int64_t>(random() % 9);
    limits.looks = 1 + static_cast<int64_t>(seed % 4);
    limits.shared = random() % 2 == 0;
    // one completion and its prompt: 60 + 40 positions are 4 + 3 pages
    limits.pages = random() % 2 ? 1000 : 7 + static_cast<int64_t>(random() % 6);
    Simulation s(seed, limits);
    s.run();
    recomputed += s.recomputed;
    if (limits.pages == 1000) CHECK_EQ(s.recomputed, 0);
    if (limits.pages == 1000 && !limits.shared) CHECK_EQ(s.prompt_tokens, s.distinct_ids());
  }
  CHECK(recomputed > 1000);  // or pages were never short
}

// What one takes beyond its part, another lane would wait for in vain.
TEST("scheduler: a lane keeps to its pages, and not for a moment more, where the store has others") {
  FakeDevice device;
  KvStore store(device, (1 << 20) - 64, kPositions, 0, 100);
  IdLists prompts;
  for (uint32_t i = 0; i < 9; ++i) prompts.add(random_ids(i, 20 + 5 * (i % 3), 50));
  GenerateRequest request;
  request.prompts = prompts.view();
  request.num_generations = 2;
  request.max_new_tokens = 60;
  request.keep_prompts = false;
  Generation job(request, 0);
  job.deal(1);
  Scheduler scheduler(job, store, 9, 12, 1);
  for (DecodeRound round; scheduler.next(&round);) {
    CHECK(store.taken() <= 12);
    for (Draw& d : round.batch.draws) d.token = 1;
    scheduler.filled();
    scheduler.drawn(round);
  }
  CHECK(scheduler.recomputed_tokens > 0);
  CHECK_EQ(job.collect(0).completion_ids.size(), size_t{18 * 60});
  CHECK(device.held <= 12 << 20);  // a page is 1 MB, and memory is never given back
}

TEST("scheduler: who comes first leaves the other lanes their part of what is left") {
  FakeDevice device;
  KvStore store(device, (1 << 20) - 64, kPositions, 0);
  IdLists prompts;
  for (uint32_t i = 0; i < 9; ++i) prompts.add(random_ids(i, 20, 50));
  GenerateRequest request;
  request.prompts = prompts.view();
  request.max_new_tokens = 5;
  Generation job(request, 0);
  job.lanes = 3;
  job.deal(1);
  Scheduler first(job, store, 8, 100, 1), second(job, store, 8, 100, 1), third(job, store, 1, 100, 1);
  DecodeRound round;
  auto rows = [&](Scheduler& lane) {
    CHECK(lane.next(&round));
    for (Draw& d : round.batch.draws) d.token = 1;
    lane.drawn(round);
    return round.batch.sequences.size();
  };
  CHECK_EQ(rows(first), size_t{3});   // a third of 9
  CHECK_EQ(rows(second), size_t{2});  // of the 6 that are left
  CHECK_EQ(rows(third), size_t{1});   // its one slot
  CHECK_EQ(rows(first), size_t{3});   // it has its part of all
  CHECK_EQ(rows(second), size_t{3});
}

TEST("scheduler: what is in flight ends as cancelled, and everything is given back") {
  FakeDevice device;
  KvStore store(device, (1 << 20) - 64, kPositions, 0, 12);
  IdLists prompts;
  for (uint32_t i = 0; i < 4; ++i) prompts.add(random_ids(i, 20, 50));
  GenerateRequest request;
  request.prompts = prompts.view();
  request.num_generations = 3;
  request.max_new_tokens = 60;
  Generation job(request, 0);
  job.deal(1);
  {
    Scheduler scheduler(job, store, 9, 12, 1);
    for (int i = 0; i < 18; ++i) {
      DecodeRound round;
      CHECK(scheduler.next(&round));
      for (Draw& d : round.batch.draws) d.token = 1;
      scheduler.drawn(round);
    }
    CHECK(store.taken() > 0);
  }
  CHECK_EQ(store.taken(), 0);
  const Rollout out = job.collect(0);
  CHECK(!out.completion_ids.empty());
  for (int8_t finish : out.finish) CHECK_EQ(finish, static_cast<int8_t>(Finish::cancelled));
}

// What is computed after a completion's end is lost, and each look costs the device a wait.
TEST("scheduler: rounds are long where completions are, and never longer than what is left of the budgets") {
  FakeDevice device;
  KvStore store(device, (1 << 20) - 64, kPositions, 0);
  IdLists prompts;
  for (uint32_t i = 0; i < 8; ++i) prompts.add(random_ids(i, 20, 50));
  GenerateRequest request;
  request.prompts = prompts.view();
  request.stop_ids = {7};
  // Passes of every round, where each completion stops at its `length`-th token.
  auto passes = [&](int32_t budget, uint32_t length, int32_t look_every) {
    request.max_new_tokens = budget;
    request.look_every = look_every;
    Generation job(request, 0);
    job.deal(1);
    Scheduler scheduler(job, store, 4, 100, 8);
    std::vector<int64_t> all;
    for (DecodeRound round; scheduler.next(&round);) {
      DecodeBatch& b = round.batch;
      all.push_back(b.passes);
      std::vector<Draw> draws;
      for (int64_t p = 0; p < b.passes; ++p)
        for (const Draw& d : b.draws) draws.push_back({{}, d.key.position + p + 1 == length ? 7 : 1, 0, 0});
      b.draws = draws;
      scheduler.drawn(round);
    }
    for (int32_t n : job.lengths) CHECK_EQ(n, std::min<int32_t>(budget, static_cast<int32_t>(length)));
    return all;
  };
  CHECK(passes(20, 1000, 0) ==
        (std::vector<int64_t>{8, 8, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
  CHECK(passes(256, 1000, 0) == std::vector<int64_t>(64, 8));
  CHECK(passes(1000, 5, 0) == (std::vector<int64_t>{8, 1, 1, 1, 1, 1}));
  CHECK(passes(20, 1000, 5) == (std::vector<int64_t>(8, 5)));
  CHECK(passes(20, 1000, 50) == (std::vector<int64_t>{8, 8, 4, 8, 8, 4}));
}

TEST("scheduler: a round that begins before the one before is drawn goes on where that one ends") {
  FakeDevice device;
  KvStore store(device, (1 << 20) - 64, kPositions, 0);
  IdLists prompts;
  for (uint32_t i = 0; i < 2; ++i) prompts.add(random_ids(i, 20, 50));
  GenerateRequest request;
  request.prompts = prompts.view();
  request.stop_ids = {7};
  request.max_new_tokens = 12;
  Generation job(request, 0);
  job.deal(1);
  Scheduler scheduler(job, store, 2, 100, 8, 2);
  DecodeRound first, second, third;
  CHECK(scheduler.next(&first));
  scheduler.filled();
  CHECK(first.batch.from == (std::vector<int32_t>{-1, -1}));
  CHECK(scheduler.next(&second));
  CHECK_EQ(first.batch.passes, 8);
  CHECK_EQ(second.batch.passes, 4);  // what is left of the budgets
  CHECK(second.batch.from == (std::vector<int32_t>{0, 1}));
  CHECK(second.missing.empty());
  CHECK_EQ(second.batch.sequences[1].own0, 8);
  CHECK_EQ(second.batch.draws[1].key.position, 8u);
  CHECK(!scheduler.next(&third));  // all tokens are asked for
  first.batch.draws.assign(16, {{}, 1, 0, 0});
  first.batch.draws[4].token = 7;  // row 0's third
  scheduler.drawn(first);
  CHECK_EQ(job.lengths[0], 3);
  CHECK(!scheduler.next(&third));
  second.batch.draws.assign(8, {{}, 2, 0, 0});
  scheduler.drawn(second);
  CHECK_EQ(job.lengths[0], 3);
  CHECK_EQ(job.lengths[1], 12);
  CHECK(!scheduler.next(&third));
}

TEST("scheduler: a row from which nothing can be drawn stops, and is named") {
  FakeDevice device;
  KvStore store(device, (1 << 20) - 64, kPositions, 0);
  IdLists prompts;
  prompts.add({1, 2, 3});
  GenerateRequest request;
  request.prompts = prompts.view();
  request.num_generations = 3;
  request.max_new_tokens = 5;
  Generation job(request, 0);
  job.deal(1);
  Scheduler scheduler(job, store, 3, 100, 1);
  DecodeRound round;
  CHECK(scheduler.next(&round));
  for (Draw& d : round.batch.draws) d.token = d.key.sample == 1 ? -1 : 4;
  scheduler.drawn(round);
  CHECK_EQ(job.unusable.load(), 1);
  CHECK(scheduler.next(&round));
  CHECK_EQ(round.batch.sequences.size(), size_t{2});
}

}  // namespace glossa::test
