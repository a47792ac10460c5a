#include "model/layout.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace glossa {
namespace {

int64_t even(int64_t n) {
  return n + n % 2;
}

bool same_prompt(const BatchRow& a, const BatchRow& b) {
  return a.prompt_length == b.prompt_length &&
         std::memcmp(a.prompt, b.prompt, static_cast<size_t>(a.prompt_length) * sizeof(int32_t)) == 0;
}

}  // namespace

int64_t Layout::loss_tokens(const BatchRow& r) const {
  return over_ == LossOver::everything ? r.prompt_length + r.completion_length - 1 : r.completion_length;
}

Layout::Layout(std::vector<BatchRow> rows, LossOver over, int64_t vocab)
    : rows_(std::move(rows)), over_(over), vocab_(vocab) {
  const int64_t n = static_cast<int64_t>(rows_.size());
  for (int64_t i = 0; i < n;) {
    const BatchRow& first = rows_[static_cast<size_t>(i)];
    Unit u{i, 1, 0, 0, results_};
    if (over_ == LossOver::completion)
      while (i + u.count < n && same_prompt(first, rows_[static_cast<size_t>(i + u.count)])) ++u.count;
    u.rows = first.prompt_length - 1;
    for (int64_t j = i; j < i + u.count; ++j) {
      const BatchRow& r = rows_[static_cast<size_t>(j)];
      u.rows += r.completion_length;
      u.head_rows += loss_tokens(r);
      results_ += loss_tokens(r);
    }
    u.rows = even(u.rows);
    u.head_rows = even(u.head_rows);
    units_.push_back(u);
    i += u.count;
  }
}

void Layout::add_sequence(MicroBatch* b, const BatchRow* r, int64_t unit, int64_t prefix, int64_t* result) const {
  const bool whole = over_ != LossOver::completion;
  const int64_t skipped = whole ? 0 : r->prompt_length - 1;
  Sequence s{};
  s.row = r - rows_.data();
  s.unit = unit;
  s.row0 = b->rows;
  s.rows = r->prompt_length - 1 - skipped + r->completion_length;
  s.position0 = skipped;
  s.prefix = prefix;
  s.prefix_length = prefix < 0 ? 0 : skipped;
  s.loss_from = over_ == LossOver::completion_unshared ? r->prompt_length - 1 : 0;
  s.head_row0 = b->head_rows;
  auto id = [&](int64_t i) { return known(i < r->prompt_length ? r->prompt[i] : r->completion[i - r->prompt_length]); };
  for (int64_t i = 0; i < s.rows; ++i) {
    const int64_t at = skipped + i;
    b->ids.push_back(id(at));
    if (i < s.loss_from) continue;
    b->targets.push_back(id(at + 1));
    b->owner.push_back(s.row);
    b->result.push_back((*result)++);
    b->token.push_back(at + 1 < r->prompt_length ? -1 : r->token0 + at + 1 - r->prompt_length);
  }
  b->rows += s.rows;
  b->head_rows += s.head_rows();
  b->longest_sequence = std::max(b->longest_sequence, s.rows);
  b->longest_keys = std::max(b->longest_keys, s.rows + s.prefix_length);
  b->sequences.push_back(s);
}

MicroBatch Layout::next(int64_t* first, const RowBudget& budget) const {
  MicroBatch b;
  int64_t cost = 0;
  const int64_t begin = *first, units = static_cast<int64_t>(units_.size());
  for (; *first < units; ++*first) {
    const Unit& u = units_[static_cast<size_t>(*first)];
    const int64_t unit = *first - begin;
    const BatchRow& lead = rows_[static_cast<size_t>(u.first)];
    const int64_t shared = over_ == LossOver::completion ? (lead.prompt_length - 1) * u.count : 0;
    cost += u.rows * budget.of_row + shared * budget.of_shared_key;
    if (unit > 0 && cost > budget.total) break;
    int64_t prefix = -1, result = u.result0;
    if (over_ == LossOver::completion && lead.prompt_length > 1) {
      prefix = static_cast<int64_t>(b.sequences.size());
      Sequence s{};
      s.row = s.prefix = -1;
      s.unit = unit;
      s.row0 = b.rows;
      s.rows = s.loss_from = lead.prompt_length - 1;
      s.head_row0 = b.head_rows;
      std::transform(lead.prompt, lead.prompt + s.rows, std::back_inserter(b.ids),
                     [&](int32_t id) { return known(id); });
      b.rows += s.rows;
      b.longest_sequence = std::max(b.longest_sequence, s.rows);
      b.longest_keys = std::max(b.longest_keys, s.rows);
      b.sequences.push_back(s);
    }
    for (int64_t j = u.first; j < u.first + u.count; ++j)
      add_sequence(&b, &rows_[static_cast<size_t>(j)], unit, prefix, &result);
    if (b.rows % 2) {
      b.padding.push_back(b.rows++);
      b.ids.push_back(0);
    }
    if (b.head_rows % 2) {
      ++b.head_rows;
      b.targets.push_back(-1);
      b.owner.push_back(-1);
      b.result.push_back(-1);
      b.token.push_back(-1);
    }
  }
  return b;
}

}  // namespace glossa
