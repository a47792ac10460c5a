#include "engine/micro_batch.h"

#include <algorithm>
#include <cstring>

namespace glossa {
namespace {

// Alone, a chunk's weight gradient is made by all threads while nothing else runs: small chunks cost little. Together,
// the head's gradient comes from memory for every chunk.
constexpr int64_t kLogitBytesOfThread = int64_t{64} << 20, kLogitBytesTogether = int64_t{320} << 20;

size_t index(int64_t i) {
  return static_cast<size_t>(i);
}

}  // namespace

namespace {

// Rows of logits held at a time; head_rows where all fit.
int64_t chunk_rows(const Model& m, const MicroBatch& b, int threads, bool together) {
  const int64_t bytes = together ? kLogitBytesTogether : kLogitBytesOfThread * threads;
  return std::min(b.head_rows, std::max<int64_t>(bytes / (logits_stride(m) * 4) / 2 * 2, 2));
}

int64_t prefix_gradient_floats(const Model& m, const MicroBatch& b) {
  int64_t floats = 0;
  for (const Sequence& s : b.sequences)
    if (s.prefix >= 0) floats += kv_gradient_floats(m, kv_capacity(s.prefix_length));
  return floats;
}

MicroBatchMemory carve(const Model& m, Carver& c, const MicroBatch& b, int threads, bool together) {
  const int64_t d = m.config.hidden;
  MicroBatchMemory w{};
  w.activations = carve_activations(m, c, b.rows, true);
  w.dx = c.floats(b.rows * d);
  w.rstd_final = c.floats(b.rows);
  w.normed = c.elements(m.dtype, b.head_rows * d);
  w.d_normed = c.floats(b.head_rows * d);
  w.logits = c.floats(chunk_rows(m, b, threads, together) * logits_stride(m));
  w.partials = c.floats(static_cast<int64_t>(b.sequences.size()) * m.partial_size);
  w.prefix_gradients = c.floats(prefix_gradient_floats(m, b));
  w.caches = static_cast<uint8_t*>(c.bytes(kv_bytes(m, b)));
  if (together) w.rows_scratch = c.bytes(backward_rows_bytes(m, b.rows, true));
  return w;
}

// Of the backward pass: what a thread needs for a sequence, and beside it, where it goes alone, for its rows.
int64_t sequence_scratch(const Model& m, const MicroBatch& b) {
  return aligned(backward_scratch_bytes(m, b.longest_keys));
}

}  // namespace

MicroBatchSize micro_batch_size(const Model& m, const MicroBatch& b, int threads, bool together) {
  MicroBatchSize s{};
  Carver c;
  carve(m, c, b, threads, together);
  s.arena = c.used();
  s.logits = chunk_rows(m, b, threads, together) * logits_stride(m) * 4;
  s.caches = kv_bytes(m, b);
  s.key_gradients = prefix_gradient_floats(m, b) * 4;
  const int64_t widest = std::max(task_rows(b.rows, threads), b.longest_sequence);
  s.scratch = std::max({forward_scratch_bytes(m, b.longest_keys),
                        sequence_scratch(m, b) + (together ? 0 : backward_rows_bytes(m, widest, false)),
                        WeightGradients::scratch_bytes(m)});
  return s;
}

RowBudget training_budget(const Model& m, int64_t tokens) {
  if (tokens > 0) return {tokens, 1, 0};
  constexpr int64_t kRows = 1024;
  Carver c;
  carve_activations(m, c, kRows, true);
  const int64_t of_row = c.used() / kRows + kv_cache_bytes(m, 1) + 4 * m.config.hidden * 4;
  return {chosen_micro_batch(of_row) * of_row, of_row, kv_gradient_floats(m, 1) * 4};
}

MicroBatchPass::MicroBatchPass(EngineState& e, const Layout& layout, const MicroBatch& b, StepLoss& loss,
                               float* gradient, const SharedEmbedding& embedding)
    : e_(e), m_(e.model), layout_(layout), b_(b), loss_(loss), gradient_(gradient), embedding_(embedding) {
  chunk_rows_ = chunk_rows(m_, b, e.threads(), e.together);
  const MicroBatchSize size = micro_batch_size(m_, b, e.threads(), e.together);
  e.arena.reserve(size.arena);
  e.need_scratch(size.scratch);
  Carver carver(e.arena.data());
  mem_ = carve(m_, carver, b, e.threads(), e.together);
  placed_ = place_sequences(m_, b, mem_.caches);
  prepare_rows();
  prepare_gradients();
  clear_padding();
}

// The loss terms of every head row.
void MicroBatchPass::prepare_rows() {
  const TrainBatch& batch = *loss_.batch;
  terms_.resize(index(b_.head_rows));
  results_.resize(terms_.size());
  if (!loss_.slopes.empty()) slopes_.resize(terms_.size());
  for (size_t r = 0; r < terms_.size(); ++r) {
    terms_[r] = {};
    if (b_.targets[r] < 0) continue;
    if (!slopes_.empty()) {
      slopes_[r] = loss_.slopes[index(b_.result[r])];
      continue;
    }
    terms_[r].scale = loss_.scales[index(b_.owner[r])];
    terms_[r].bonus = loss_.bonus;
    if (loss_.settings.supervised()) continue;
    terms_[r].advantage = batch.advantages[layout_.rows()[index(b_.owner[r])].row];
    if (batch.old_logps) terms_[r].old_logp = batch.old_logps[b_.token[r]];
    if (loss_.settings.beta != 0) terms_[r].ref_logp = batch.ref_logps[b_.token[r]];
  }
}

// Where each sequence's sums and key/value gradients go.
void MicroBatchPass::prepare_gradients() {
  const int64_t n = static_cast<int64_t>(b_.sequences.size());
  std::memset(mem_.partials, 0, index(n * m_.partial_size) * 4);
  float* shared = mem_.prefix_gradients;
  auto partial = [&](int64_t sequence) { return mem_.partials + sequence * m_.partial_size; };
  for (size_t i = 0; i < placed_.own.size(); ++i) {
    SequenceGradient g{partial(placed_.own_index[i]), {}, nullptr, 0};
    if (placed_.own[i].prefix_length > 0) {
      g.prefix = {shared, placed_.own[i].prefix.capacity};
      shared += kv_gradient_floats(m_, g.prefix.capacity);
    }
    own_gradients_.push_back(g);
    readers_.push_back(g.prefix);
  }
  // The completions of a prefix follow each other among the own sequences.
  size_t at = 0;
  for (int64_t prefix : placed_.prefix_index) {
    while (at < placed_.own.size() && own(static_cast<int64_t>(at)).prefix != prefix) ++at;
    const size_t first = at;
    while (at < placed_.own.size() && own(static_cast<int64_t>(at)).prefix == prefix) ++at;
    prefix_gradients_.push_back({partial(prefix), {}, readers_.data() + first, static_cast<int64_t>(at - first)});
  }
}

// Padding rows take part in the weight gradients, with zeros.
void MicroBatchPass::clear_padding() {
  auto zero = [&](void* p, int64_t row, int64_t width) {
    std::memset(element(p, m_.dtype, row * width), 0, index(width * dtype_bytes(m_.dtype)));
  };
  for (int64_t r : b_.padding) {
    for (const LayerRows& l : mem_.activations.layers) {
      std::memset(l.x + r * m_.config.hidden, 0, index(m_.config.hidden) * 4);
      std::memset(l.x_mid + r * m_.config.hidden, 0, index(m_.config.hidden) * 4);
      zero(l.normed1, r, m_.config.hidden);
      zero(l.normed2, r, m_.config.hidden);
      zero(l.attention, r, m_.shape.q_width());
      zero(l.product, r, m_.config.ffn);
      zero(l.d_qkv, r, m_.shape.width());
      zero(l.d_o, r, m_.config.hidden);
      zero(l.d_down, r, m_.config.hidden);
      std::memset(l.gate_up + r * 2 * m_.config.ffn, 0, index(2 * m_.config.ffn) * 4);
    }
    std::memset(mem_.dx + r * m_.config.hidden, 0, index(m_.config.hidden) * 4);
  }
  for (size_t r = 0; r < b_.targets.size(); ++r)
    if (b_.targets[r] < 0) zero(mem_.normed, static_cast<int64_t>(r), m_.config.hidden);
}

void MicroBatchPass::forward_prefixes(const SequenceTask& t, const Crew& crew) {
  const SequenceRows* s = placed_.prefixes.data() + t.first;
  for (int64_t i = 0; i < t.count; ++i)
    embed(m_, e_.policy, mem_.activations.x_first() + s[i].row0 * m_.config.hidden, b_.ids.data() + s[i].row0,
          s[i].rows);
  forward_layers(m_, e_.policy, mem_.activations, s, t.count, true, crew);
}

void MicroBatchPass::forward(const SequenceTask& t, const Crew& crew) {
  const SequenceRows* s = placed_.own.data() + t.first;
  const int64_t d = m_.config.hidden;
  for (const Span& span : spans_of(s, t.count))
    embed(m_, e_.policy, mem_.activations.x_first() + span.row0 * d, b_.ids.data() + span.row0, span.rows);
  forward_layers(m_, e_.policy, mem_.activations, s, t.count, false, crew);
  for (int64_t i = t.first; i < t.first + t.count; ++i) {
    const int64_t row = own(i).row0 + own(i).loss_from;
    final_norm(m_, e_.policy, element(mem_.normed, m_.dtype, own(i).head_row0 * d), mem_.rstd_final + row,
               mem_.activations.x_last() + row * d, own(i).head_rows());
  }
}

HeadLoss MicroBatchPass::head_loss_of() {
  const bool on_policy = !loss_.settings.supervised() && !loss_.batch->old_logps;
  return {loss_.settings,
          loss_.inv_temperature,
          b_.targets.data(),
          terms_.data(),
          on_policy,
          results_.data(),
          slopes_.empty() ? nullptr : slopes_.data()};
}

void MicroBatchPass::head(int64_t row0, int64_t rows, float* logits, const Crew& crew) {
  head_loss(m_, e_.policy, head_loss_of(), mem_.normed, mem_.d_normed, logits, row0, rows, crew);
}

void MicroBatchPass::backward(const SequenceTask& t, void* rows_scratch, const Crew& crew) {
  const int64_t d = m_.config.hidden;
  for (int64_t i = t.first; i < t.first + t.count; ++i) {
    const Sequence& s = own(i);
    const int64_t row = s.row0 + s.loss_from;
    std::memset(mem_.dx + s.row0 * d, 0, index(s.loss_from * d) * 4);
    final_norm_backward(m_, e_.policy, mem_.dx + row * d, own_gradients_[index(i)].partial,
                        mem_.d_normed + s.head_row0 * d, mem_.activations.x_last() + row * d, mem_.rstd_final + row,
                        s.head_rows());
  }
  backward_layers(m_, e_.policy, mem_.activations, placed_.own.data() + t.first, own_gradients_.data() + t.first,
                  t.count, false, mem_.dx, rows_scratch, crew);
}

void MicroBatchPass::backward_prefixes(const SequenceTask& t, void* rows_scratch, const Crew& crew) {
  const int64_t d = m_.config.hidden;
  for (int64_t i = t.first; i < t.first + t.count; ++i)
    std::memset(mem_.dx + placed_.prefixes[index(i)].row0 * d, 0, index(placed_.prefixes[index(i)].rows * d) * 4);
  backward_layers(m_, e_.policy, mem_.activations, placed_.prefixes.data() + t.first,
                  prefix_gradients_.data() + t.first, t.count, true, mem_.dx, rows_scratch, crew);
}

void MicroBatchPass::head_in_chunks(WeightGradients& weights, void* const* scratch) {
  for (int64_t row0 = 0; row0 < b_.head_rows; row0 += chunk_rows_) {
    const int64_t rows = std::min(chunk_rows_, b_.head_rows - row0);
    if (e_.together) {
      head(row0, rows, mem_.logits, e_.crew());
    } else {
      const int64_t task = std::min<int64_t>(kHeadRows, (rows + e_.threads() - 1) / e_.threads());
      e_.pool->run((rows + task - 1) / task, [&](int64_t i, int worker) {
        const int64_t from = i * task;
        head(row0 + from, std::min(task, rows - from), mem_.logits + from * logits_stride(m_),
             Crew(e_.scratch_of(worker)));
      });
    }
    weights.add_head(
        {mem_.logits, logits_gradient_stride(m_), element(mem_.normed, m_.dtype, row0 * m_.config.hidden), rows});
    weights.run(*e_.pool, scratch);
  }
}

bool MicroBatchPass::run(const JobControl& control, StepTimes* times) {
  WeightGradients weights(m_, e_.threads(), gradient_, embedding_);
  std::vector<void*> scratch;
  for (Buffer& s : e_.scratch) scratch.push_back(s.data());
  if (!(e_.together ? run_together(control, times, weights, scratch.data())
                    : run_alone(control, times, weights, scratch.data())))
    return false;

  const double start = seconds_now();
  weights.add_layers(mem_.activations, b_.rows);
  weights.add_embedding(mem_.dx, b_.ids.data(), b_.rows);
  weights.run(*e_.pool, scratch.data());
  add_partials();
  keep_results();
  times->backward_seconds += seconds_now() - start;
  const double head_parameters = static_cast<double>(m_.config.vocab * m_.config.hidden);
  times->flops += 6 * ((static_cast<double>(m_.matmul_parameters) - head_parameters) * static_cast<double>(b_.rows) +
                       head_parameters * static_cast<double>(b_.head_rows));
  return true;
}

// One pass after the other, all threads in each.
bool MicroBatchPass::run_together(const JobControl& control, StepTimes* times, WeightGradients& weights,
                                  void* const* scratch) {
  const Crew crew = e_.crew();
  const SequenceTask prefixes{0, static_cast<int64_t>(placed_.prefixes.size()), 0};
  const SequenceTask all{0, static_cast<int64_t>(placed_.own.size()), 0};
  const double start = seconds_now();
  forward_prefixes(prefixes, crew);
  forward(all, crew);
  const double forwarded = seconds_now();
  times->forward_seconds += forwarded - start;
  if (is_cancelled(control)) return false;
  head_in_chunks(weights, scratch);
  if (is_cancelled(control)) return false;
  backward(all, mem_.rows_scratch, crew);
  backward_prefixes(prefixes, mem_.rows_scratch, crew);
  times->backward_seconds += seconds_now() - forwarded;
  return !is_cancelled(control);
}

// Every thread takes tasks of its own.
bool MicroBatchPass::run_alone(const JobControl& control, StepTimes* times, WeightGradients& weights,
                               void* const* scratch) {
  const int64_t target = task_rows(b_.rows, e_.threads());
  const std::vector<SequenceTask> prefixes = sequence_tasks(placed_.prefixes, target);
  const std::vector<SequenceTask> own_tasks = sequence_tasks(placed_.own, target);
  std::atomic<bool> stopped{false};
  std::vector<double> forward_time(index(e_.threads())), backward_time(forward_time);
  auto stage = [&](const std::vector<SequenceTask>& tasks, const auto& body) {
    e_.pool->run(static_cast<int64_t>(tasks.size()), [&](int64_t i, int worker) {
      if (is_cancelled(control)) stopped = true;
      if (!stopped) body(tasks[index(i)], worker);
    });
    return !stopped;
  };
  auto timed = [](std::vector<double>& total, int worker, const auto& body) {
    const double start = seconds_now();
    body();
    total[index(worker)] += seconds_now() - start;
  };
  auto crew = [&](int worker) { return Crew(e_.scratch_of(worker)); };
  auto rows_scratch = [&](int worker) { return e_.scratch_of(worker) + sequence_scratch(m_, b_); };
  auto forward_task = [&](const SequenceTask& t, int worker) {
    timed(forward_time, worker, [&] { forward(t, crew(worker)); });
  };
  auto backward_task = [&](const SequenceTask& t, int worker) {
    timed(backward_time, worker, [&] { backward(t, rows_scratch(worker), crew(worker)); });
  };

  if (!stage(prefixes, [&](const SequenceTask& t, int worker) {
        timed(forward_time, worker, [&] { forward_prefixes(t, crew(worker)); });
      }))
    return false;
  if (chunk_rows_ == b_.head_rows) {
    const bool done = stage(own_tasks, [&](const SequenceTask& t, int worker) {
      forward_task(t, worker);
      timed(backward_time, worker, [&] {
        const int64_t next = t.first + t.count, row0 = own(t.first).head_row0;
        const int64_t end = next < static_cast<int64_t>(placed_.own.size()) ? own(next).head_row0 : b_.head_rows;
        head(row0, end - row0, mem_.logits + row0 * logits_stride(m_), crew(worker));
      });
      backward_task(t, worker);
    });
    if (!done) return false;
    weights.add_head({mem_.logits, logits_gradient_stride(m_), mem_.normed, b_.head_rows});
  } else {
    if (!stage(own_tasks, forward_task)) return false;
    const double start = seconds_now();
    head_in_chunks(weights, scratch);
    times->backward_seconds += seconds_now() - start;
    if (!stage(own_tasks, backward_task)) return false;
  }
  if (!stage(prefixes, [&](const SequenceTask& t, int worker) {
        timed(backward_time, worker, [&] { backward_prefixes(t, rows_scratch(worker), crew(worker)); });
      }))
    return false;
  for (size_t i = 0; i < forward_time.size(); ++i) {
    times->forward_seconds += forward_time[i] / e_.threads();
    times->backward_seconds += backward_time[i] / e_.threads();
  }
  return true;
}

void MicroBatchPass::add_partials() {
  for (size_t i = 0; i < b_.sequences.size(); ++i) {
    const float* partial = mem_.partials + static_cast<int64_t>(i) * m_.partial_size;
    for (const RowParameter& p : m_.row_parameters)
      for (int64_t j = 0; j < p.size; ++j) gradient_[p.offset + j] += partial[p.partial + j];
  }
}

void MicroBatchPass::keep_results() {
  if (!slopes_.empty()) return;
  for (size_t r = 0; r < results_.size(); ++r) {
    if (b_.targets[r] < 0) continue;
    loss_.results[index(b_.result[r])] = results_[r];
    if (!loss_.differences.empty()) loss_.differences[index(b_.result[r])] = results_[r].logp - terms_[r].old_logp;
  }
}

}  // namespace glossa
