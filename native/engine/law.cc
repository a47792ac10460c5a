#include "engine/law.h"

#include <cmath>
#include <string>

namespace glossa {
namespace {

Status bad(const std::string& message) {
  return Status("INVALID_ARGUMENT", message);
}

Status check_kept(const Model& m, const SequenceBatch& b) {
  const Ragged& c = b.completions;
  const int32_t* ids = b.law.kept_ids;
  for (int64_t row = 0; row < c.rows; ++row)
    for (int32_t t = c.offsets[row]; t < c.offsets[row + 1]; ++t) {
      const int32_t count = b.law.kept_counts[t - c.offsets[0]];
      const int32_t* const end = ids + count;
      int32_t before = -1;
      bool held = false;
      for (; ids < end; before = *ids++) {
        if (*ids <= before || *ids >= m.config.vocab)
          return bad("the kept ids of row " + std::to_string(row) + ", token " + std::to_string(t - c.offsets[row]) +
                     " do not ascend within the vocabulary: " + std::to_string(*ids));
        held = held || *ids == c.ids[t];
      }
      if (!held)
        return bad("the kept ids of row " + std::to_string(row) + ", token " + std::to_string(t - c.offsets[row]) +
                   " do not hold the token, " + std::to_string(c.ids[t]));
    }
  return {};
}

}  // namespace

Status check_biases(const Model& m, const float* tables, int32_t count, const int32_t* of_rows, int64_t rows) {
  if (count < 0 || (count > 0 && !tables)) return bad("the logit biases are missing");
  for (int64_t i = 0; i < count * m.config.vocab; ++i)
    if (std::isnan(tables[i]) || tables[i] == INFINITY)
      return bad("a logit bias must be a finite number or -inf, not " + std::to_string(tables[i]) + " (token " +
                 std::to_string(i % m.config.vocab) + ")");
  for (int64_t i = 0; of_rows && i < rows; ++i)
    if (of_rows[i] < -1 || of_rows[i] >= count)
      return bad("row " + std::to_string(i) + " names logit bias " + std::to_string(of_rows[i]) + " of " +
                 std::to_string(count));
  return {};
}

Status check_law(const Model& m, const SequenceBatch& b) {
  if (Status s = check_biases(m, b.law.biases.tables, b.law.biases.count, b.law.bias_of, b.completions.rows); !s.ok())
    return s;
  if (!b.law.kept_counts) return {};
  const int64_t tokens = b.completions.offsets[b.completions.rows] - b.completions.offsets[0];
  int64_t ids = 0;
  for (int64_t t = 0; t < tokens; ++t) {
    if (b.law.kept_counts[t] < 1) return bad("a token has no kept ids");
    ids += b.law.kept_counts[t];
  }
  if (ids != b.law.kept)
    return bad("the counts of kept ids add up to " + std::to_string(ids) + ", and there are " +
               std::to_string(b.law.kept) + " ids");
  return check_kept(m, b);
}

Supports::Supports(const SequenceBatch& b) : batch_(b), biases_(b.law.biases), first_token_(b.completions.offsets[0]) {
  if (!b.law.kept_counts) return;
  const int64_t tokens = b.completions.offsets[b.completions.rows] - first_token_;
  kept_at_.push_back(0);
  for (int64_t t = 0; t < tokens; ++t) kept_at_.push_back(kept_at_.back() + b.law.kept_counts[t]);
}

Support Supports::of(int64_t row, int64_t token) const {
  Support s;
  if (biases_.count > 0) s.bias = batch_.law.bias_of ? batch_.law.bias_of[row] : 0;
  if (kept_at_.empty() || token < 0) return s;
  const size_t t = static_cast<size_t>(token - first_token_);
  s.kept = batch_.law.kept_ids + kept_at_[t];
  s.count = kept_at_[t + 1] - kept_at_[t];
  return s;
}

std::vector<Support> Supports::of(const Layout& layout, const MicroBatch& b) const {
  std::vector<Support> out;
  if (everything()) return out;
  out.resize(b.targets.size());
  for (size_t r = 0; r < out.size(); ++r)
    if (b.targets[r] >= 0) out[r] = of(layout.rows()[static_cast<size_t>(b.owner[r])].row, b.token[r]);
  return out;
}

}  // namespace glossa
