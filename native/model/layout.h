// From a batch of prompts and completions to rows of activations. A sequence's rows are the tokens that are forwarded:
// a prompt without its last token (the prefix, computed once for all consecutive rows of the batch that share it), and
// [last prompt token, completion without its last token], each of which predicts one token of the completion.
// A unit is a prefix with its completions. It is never split between micro-batches and is padded to an even number of
// rows, so no gradient depends on how units are gathered into micro-batches.
#pragma once
#include <cstdint>
#include <vector>

namespace glossa {

// One row of a batch, ids still where the caller put them. They were checked there, and may have changed since.
struct BatchRow {
  int64_t row;  // its number in the caller's batch
  const int32_t* prompt;
  int64_t prompt_length;
  const int32_t* completion;
  int64_t completion_length;
  int64_t token0;  // of its completion among the batch's completion ids
};

enum class LossOver : uint8_t {
  completion,           // prompt shared by consecutive rows: the way of the sampler
  completion_unshared,  // prompt and completion as one sequence
  everything            // the same, and every token after the first carries loss
};

struct Unit {
  int64_t first, count;     // of the batch rows
  int64_t rows, head_rows;  // padded
  int64_t result0;          // of its first token among the results of the whole batch
};

struct Sequence {
  int64_t row;         // of BatchRow; -1: a prefix
  int64_t unit;        // within the micro-batch
  int64_t row0, rows;  // in the micro-batch
  int64_t position0;
  int64_t prefix;  // its prefix among the micro-batch's sequences, or -1
  int64_t prefix_length;
  int64_t loss_from;  // rows before this one carry no loss; == rows: none does
  int64_t head_row0;  // its first loss row among the rows that reach the head
  int64_t head_rows() const { return rows - loss_from; }
};

struct MicroBatch {
  std::vector<Sequence> sequences;  // by unit, the prefix first
  int64_t rows = 0, head_rows = 0;  // padded
  std::vector<int32_t> ids;         // [rows], 0 in padding
  std::vector<int64_t> padding;     // rows that are padding
  // Per head row: the token to predict (-1: padding), the batch row, the token's place in the results of the whole
  // batch and among the batch's completion ids (-1: a prompt token).
  std::vector<int32_t> targets;
  std::vector<int64_t> owner, result, token;
  int64_t longest_sequence = 0, longest_keys = 0;
};

// How much fits in a micro-batch: rows cost of_row each, and each completion of_shared_key for every key of its prefix
// (its share of that key's gradient is kept until the prefix's own backward pass).
struct RowBudget {
  int64_t total, of_row, of_shared_key;
};

class Layout {
 public:
  // Ids that are not in [0, vocab) any more are read as 0: wrong, but within the tables they point into.
  Layout(std::vector<BatchRow> rows, LossOver, int64_t vocab);
  const std::vector<BatchRow>& rows() const { return rows_; }
  const std::vector<Unit>& units() const { return units_; }
  int64_t results() const { return results_; }  // loss tokens of the whole batch
  int64_t loss_tokens(const BatchRow&) const;
  // Units first.. of as many rows as the budget holds, at least one unit. Sets *first to the one after.
  MicroBatch next(int64_t* first, const RowBudget&) const;

 private:
  void add_sequence(MicroBatch*, const BatchRow*, int64_t unit, int64_t prefix, int64_t* result) const;
  int32_t known(int32_t id) const { return id >= 0 && id < vocab_ ? id : 0; }

  std::vector<BatchRow> rows_;
  LossOver over_;
  int64_t vocab_;
  std::vector<Unit> units_;
  int64_t results_ = 0;
};

}  // namespace glossa
