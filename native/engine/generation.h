// What the lanes of one generate() call share: who is to be completed, in which order, and where results go. Every row
// of the results is written by the one lane that has it.
#pragma once
#include <atomic>
#include <mutex>
#include <vector>

#include "engine/checks.h"

namespace glossa {

// Completions whose prompts begin alike, up to the last id, which the first pass of the decoder has.
struct PromptGroup {
  const int32_t* ids;
  int64_t length;
  std::vector<int32_t> rows;  // of the results
};

// A run of a group's rows: what a lane takes at a time.
struct Share {
  int32_t group, first, end;
};

class Generation {
 public:
  Generation(const GenerateRequest&, int64_t vocab);

  const GenerateRequest& request;
  std::vector<PromptGroup> groups;  // in the order of admission
  std::vector<Share> shares;
  int64_t lanes = 1;           // among which the shares are dealt out
  bool prompts_ready = false;  // every group's prompt is encoded, and stays so, before the lanes begin

  std::vector<int64_t> places;  // per row: of its first token
  std::vector<int32_t> tokens;
  std::vector<float> logps, entropies;
  // Words of a draw's kept tokens; 0: none are asked for. Then of each token how many were kept, and each row's ids.
  int64_t kept_words = 0;
  std::vector<int32_t> kept_counts;
  std::vector<std::vector<int32_t>> kept_ids;
  std::atomic<int64_t> kept{0};  // ids in all
  void keep(int64_t row, int64_t token, const uint32_t* bits);
  std::vector<int32_t> lengths;  // per row
  std::vector<int8_t> finish;    // per row
  std::atomic<int64_t> next_share{0}, rows_taken{0}, rows_done{0}, tokens_done{0};
  std::atomic<int64_t> unusable{-1};  // a row from whose logits nothing can be drawn: all lanes stop

  int64_t rows() const { return static_cast<int64_t>(places.size()); }
  int32_t prompt_of(int64_t row) const { return static_cast<int32_t>(row / request.num_generations); }
  int32_t sample_of(int64_t row) const { return static_cast<int32_t>(row % request.num_generations); }
  // Of a row's prompt: what its first pass reads.
  int32_t last_prompt_id(int64_t row) const {
    return request.prompts.ids[request.prompts.offsets[prompt_of(row) + 1] - 1];
  }
  // Whether the lanes must stop.
  bool fails() const { return unusable >= 0 || kept > request.most_kept; }
  bool is_stop(int32_t id) const;
  // Cuts every group into about `parts` shares.
  void deal(int64_t parts);
  // A row's tokens are all there. From any lane; asks for no memory.
  void close(int64_t row, int32_t length, Finish);
  // Rows that have ended by themselves since the last call.
  Completed take_completed();
  // Once: what was kept goes with it.
  Rollout collect(int64_t policy_step);

 private:
  std::mutex mutex_;
  std::vector<int32_t> ended_;
};

}  // namespace glossa
