// A share of a generation: its slots, their keys and values, and the passes over them. One lane's.
#pragma once
#include <atomic>
#include <vector>

#include "engine/checks.h"
#include "engine/prefill.h"

namespace glossa {

// Completions [sample0, sample1) of one prompt: what a lane takes at a time.
struct PromptShare {
  int32_t prompt, sample0, sample1;
};

// What the lanes of one generate() call share. Every row of the outputs is written by the one lane that owns it.
struct GenerateJob {
  const Model& model;
  const Weights& weights;
  const GenerateRequest& request;
  const JobControl& control;
  std::vector<PromptShare> shares;
  int64_t decoders;
  std::vector<KvCache> prefixes;  // per prompt, where they were computed before the decoders begin; else empty
  std::vector<int64_t>
      first;  // per prompt: where its first completion's tokens are placed; the next are a budget apart
  std::vector<int32_t> tokens;
  std::vector<float> logps, entropies;
  std::vector<int32_t> lengths;  // per row
  std::vector<int8_t> finish;    // per row
  std::atomic<int64_t> next_share{0}, rows_taken{0}, rows_done{0}, tokens_done{0};
  std::atomic<int64_t> unusable{-1};  // a row from whose logits nothing can be drawn: all decoders stop

  int64_t row(int32_t prompt, int32_t sample) const { return prompt * request.num_generations + sample; }
  bool is_stop(int32_t id) const {
    for (int32_t stop : request.stop_ids)
      if (stop == id) return true;
    return false;
  }
};

// The memory of one decoder, carved once for the whole call.
struct DecoderMemory {
  Activations activations;
  int64_t activation_rows;
  Rows normed;                         // [slots] hidden, of the model's type
  Values rstd;                         // [slots]
  Rows logits;                         // [slots]
  std::vector<Address> own, prefixes;  // pages of own_capacity and prefix_capacity
  int64_t own_capacity, prefix_capacity;
};
struct DecoderSize {
  int64_t slots;
  int64_t prefixes;  // that it computes and has in use at a time; 0: they are computed before it begins
  int64_t longest_prompt, longest_budget;
};
DecoderMemory carve_decoder(const Device&, const Model&, Carver&, const DecoderSize&);

class Decoder {
 public:
  Decoder(GenerateJob&, const DecoderMemory&, const DecoderSize&, Ops&, bool reports);
  void run();
  double prefill_seconds = 0, decode_seconds = 0;
  int64_t prefill_tokens = 0;

 private:
  struct Group {  // an admitted share whose prefix is cached
    PromptShare share;
    int32_t next;   // sample to start
    int32_t live;   // completions in flight
    int64_t cache;  // index of its prefix cache, where that is the decoder's own
    KvCache prefix;
    int64_t prefix_length;
  };
  struct Slot {
    size_t group;
    int32_t sample, token, length, budget;
    int64_t cache;
    int64_t place;  // of its tokens in the job's outputs
  };
  int64_t fair_slots() const;
  bool admit();
  bool open_group();
  bool fill_prefixes();
  void decode();
  void draw();
  bool finished(const Slot&);
  void close(const Slot&, Finish);
  void report(bool last);

  GenerateJob& job_;
  const DecoderMemory& mem_;
  const int64_t slot_count_;
  Ops& ops_;
  const bool reports_;
  double last_report_ = 0;
  std::vector<Group> groups_;
  std::vector<size_t> free_groups_;
  std::vector<Slot> slots_;
  std::vector<int64_t> free_own_, free_prefix_;
  size_t open_ = SIZE_MAX;        // the group whose completions are being started
  std::vector<Prefix> unfilled_;  // of groups whose prefix is not cached yet
  std::vector<SequenceRows> rows_;
  std::vector<int32_t> ids_;
  std::vector<Draw> draws_;
};

}  // namespace glossa
