#include "engine/micro_batch.h"

#include <algorithm>
#include <atomic>

namespace glossa {
namespace {

// Of logits held at a time. Where sequences are shared out among the lanes, a chunk's weight gradient is made by all of
// them while nothing else runs: small chunks cost little. Where a lane takes all, the head's gradient comes from memory
// for every chunk.
constexpr int64_t kLogitBytesOfThread = int64_t{64} << 20, kLogitBytesOfAll = int64_t{320} << 20;

size_t index(int64_t i) {
  return static_cast<size_t>(i);
}

}  // namespace

namespace {

// Rows of logits held at a time; those of the micro-batch where all fit.
int64_t chunk_rows(const Device& device, const Model& m, const MicroBatch& b) {
  const DeviceTraits& traits = device.traits();
  const int64_t bytes = traits.takes_all() ? kLogitBytesOfAll : kLogitBytesOfThread * device.lanes();
  return std::min(b.head_rows, std::max(bytes / (logits_stride(m) * 4) / 2 * 2, traits.head_rows));
}

int64_t prefix_gradient_floats(const Model& m, const MicroBatch& b) {
  int64_t floats = 0;
  for (const Sequence& s : b.sequences)
    if (s.prefix >= 0) floats += kv_gradient_floats(m, kv_capacity(s.prefix_length));
  return floats;
}

MicroBatchMemory carve(const Device& device, const Model& m, Carver& c, const MicroBatch& b) {
  const int64_t d = m.config.hidden;
  MicroBatchMemory w{};
  w.activations = carve_activations(device.traits().activations, m, c, b.rows, true);
  w.dx = c.rows(Dtype::f32, b.rows, d);
  w.rstd_final = c.values(b.rows);
  w.normed = c.rows(m.dtype, b.head_rows, d);
  if (m.trained.past_head) w.d_normed = c.rows(Dtype::f32, b.head_rows, d);
  w.logits = logits_rows(m, c.values(chunk_rows(device, m, b) * logits_stride(m)));
  w.partials = c.values(static_cast<int64_t>(b.sequences.size()) * m.trained.partial_size);
  w.prefix_gradients = c.values(prefix_gradient_floats(m, b));
  w.caches = c.bytes(kv_bytes(m, b));
  const int64_t widest = std::min(b.rows, std::max(task_rows(device, b.rows), b.longest_sequence));
  for (int lane = 0; lane < device.lanes(); ++lane)
    w.backward.push_back(carve_backward(m, c, widest, device.traits().block_rows));
  return w;
}

}  // namespace

MicroBatchSize micro_batch_size(const Device& device, const Model& m, const MicroBatch& b) {
  MicroBatchSize s{};
  Carver c;
  carve(device, m, c, b);
  s.arena = c.used();
  s.logits = chunk_rows(device, m, b) * logits_stride(m) * 4;
  s.caches = kv_bytes(m, b);
  s.key_gradients = prefix_gradient_floats(m, b) * 4;
  s.workload = {m.shape, b.longest_keys, 0, true, m.dtype, 0};
  for (const MatrixSpec& w : m.matrices) s.workload.widest = std::max(s.workload.widest, w.k);
  s.workload.widest = std::max(s.workload.widest, m.adapters.rank);
  return s;
}

RowBudget training_budget(const Device& device, const Model& m, int64_t tokens) {
  if (tokens > 0) return {tokens, 1, 0};
  constexpr int64_t kRows = 1024;
  Carver c;
  carve_activations(device.traits().activations, m, c, kRows, true);
  const int64_t of_row = c.used() / kRows + kv_cache_bytes(m, 1) + 4 * m.config.hidden * 4;
  return {chosen_micro_batch(device.traits(), of_row) * of_row, of_row, kv_gradient_floats(m, 1) * 4};
}

MicroBatchPass::MicroBatchPass(EngineState& e, const Layout& layout, const MicroBatch& b, StepLoss& loss,
                               Values gradient, const SharedEmbedding& embedding)
    : e_(e), m_(e.model), layout_(layout), b_(b), loss_(loss), gradient_(gradient), embedding_(embedding) {
  chunk_rows_ = chunk_rows(*e.device, m_, b);
  const MicroBatchSize size = micro_batch_size(*e.device, m_, b);
  e.arena.reserve(size.arena);
  e.device->reserve(size.workload);
  Carver carver(e.arena.data());
  mem_ = carve(*e.device, m_, carver, b);
  placed_ = place_sequences(m_, b, mem_.caches);
  prepare_rows();
  prepare_gradients();
  clear_padding();
}

// The loss terms of every head row.
void MicroBatchPass::prepare_rows() {
  const TrainBatch& batch = *loss_.batch;
  supports_ = loss_.supports->of(layout_, b_);
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
    const bool masked = batch.completion_mask && !batch.completion_mask[b_.token[r]];
    terms_[r].scale = masked ? 0 : loss_.scales[index(b_.owner[r])];
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
  e_.device->fill(mem_.partials.data, 0, n * m_.trained.partial_size * 4);
  Values shared = mem_.prefix_gradients;
  auto partial = [&](int64_t sequence) { return mem_.partials.at(sequence * m_.trained.partial_size); };
  for (size_t i = 0; i < placed_.own.size(); ++i) {
    SequenceGradient g{partial(placed_.own_index[i]), {}, nullptr, 0};
    if (placed_.own[i].prefix_length > 0) {
      g.prefix = {shared, kv_capacity(placed_.own[i].prefix_length)};
      shared = shared.at(kv_gradient_floats(m_, g.prefix.capacity));
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
  Ops& ops = e_.device->all();
  for (int64_t r : b_.padding) {
    for (const LayerRows& l : mem_.activations.layers)
      for (const Rows* x :
           {&l.x, &l.x_mid, &l.normed1, &l.normed2, &l.attention, &l.product, &l.d_qkv, &l.d_o, &l.d_down, &l.gate_up})
        if (*x) ops.zero(x->at(r), 1);
    for (const LayerRows& l : mem_.activations.layers)
      for (const LowRankRows& low : l.low_rank)
        for (const Rows* x : {&low.u, &low.d_u})
          if (*x) ops.zero(x->at(r), 1);
    ops.zero(mem_.dx.at(r), 1);
  }
  for (size_t r = 0; r < b_.targets.size(); ++r)
    if (b_.targets[r] < 0) ops.zero(mem_.normed.at(static_cast<int64_t>(r)), 1);
}

void MicroBatchPass::forward_rows(const SequenceRows* s, int64_t count, bool keys_only, Ops& ops) {
  for (const Span& span : spans_of(s, count))
    ops.embed(mem_.activations.x_first().at(span.row0), e_.policy.table(), b_.ids.data() + span.row0, span.rows);
  forward_layers(ops, m_, e_.policy, mem_.activations, s, count, keys_only);
}

void MicroBatchPass::forward_prefixes(const SequenceTask& t, Ops& ops) {
  forward_rows(placed_.prefixes.data() + t.first, t.count, true, ops);
}

void MicroBatchPass::forward(const SequenceTask& t, Ops& ops) {
  forward_rows(placed_.own.data() + t.first, t.count, false, ops);
  for (int64_t i = t.first; i < t.first + t.count; ++i) {
    const int64_t row = own(i).row0 + own(i).loss_from;
    final_norm(ops, m_, e_.policy, mem_.normed.at(own(i).head_row0), mem_.rstd_final.at(row),
               mem_.activations.x_last().at(row), own(i).head_rows());
  }
}

void MicroBatchPass::head(int64_t row0, int64_t rows, const Rows& logits, Ops& ops) {
  const bool on_policy = !loss_.settings.supervised() && !loss_.batch->old_logps;
  const TokenLosses losses{loss_.settings,
                           loss_.inv_temperature,
                           b_.targets.data() + row0,
                           terms_.data() + row0,
                           on_policy,
                           results_.data() + row0,
                           slopes_.empty() ? nullptr : slopes_.data() + row0,
                           loss_.supports->biases(),
                           supports_.empty() ? nullptr : supports_.data() + row0};
  head_loss(ops, m_, e_.policy, losses, mem_.normed.at(row0), mem_.d_normed ? mem_.d_normed.at(row0) : Rows{}, logits,
            rows);
}

void MicroBatchPass::backward(const SequenceTask& t, LayerRange layers, const BackwardRows& rows, Ops& ops) {
  if (!m_.trained.past_head) return;
  for (int64_t i = t.first; layers.end == m_.config.layers && i < t.first + t.count; ++i) {
    const Sequence& s = own(i);
    ops.zero(mem_.dx.at(s.row0), s.loss_from);
    final_norm_backward(ops, m_, e_.policy, mem_.dx, placed_.own[index(i)], own_gradients_[index(i)],
                        mem_.d_normed.at(s.head_row0), mem_.activations.x_last(), mem_.rstd_final, s.row0 + s.loss_from,
                        s.head_rows());
  }
  backward_layers(ops, m_, e_.policy, mem_.activations, layers, placed_.own.data() + t.first,
                  own_gradients_.data() + t.first, t.count, false, mem_.dx, rows);
}

void MicroBatchPass::backward_prefixes(const SequenceTask& t, LayerRange layers, const BackwardRows& rows, Ops& ops) {
  const SequenceRows* s = placed_.prefixes.data() + t.first;
  for (int64_t i = 0; layers.end == m_.config.layers && i < t.count; ++i) ops.zero(mem_.dx.at(s[i].row0), s[i].rows);
  backward_layers(ops, m_, e_.policy, mem_.activations, layers, s, prefix_gradients_.data() + t.first, t.count, true,
                  mem_.dx, rows);
}

void MicroBatchPass::head_in_chunks(WeightGradients& weights) {
  const bool all = e_.device->traits().takes_all();
  for (int64_t row0 = 0; row0 < b_.head_rows; row0 += chunk_rows_) {
    const int64_t rows = std::min(chunk_rows_, b_.head_rows - row0), lanes = e_.device->lanes();
    const int64_t task = all ? rows : std::min(e_.device->traits().head_rows, (rows + lanes - 1) / lanes);
    e_.device->run((rows + task - 1) / task, [&](int64_t i, int, Ops& ops) {
      const int64_t from = i * task;
      head(row0 + from, std::min(task, rows - from), mem_.logits.at(from), ops);
    });
    weights.add_head(logits_gradient(m_, mem_.logits), mem_.normed.at(row0), rows);
    weights.run(e_.device->all());
  }
}

bool MicroBatchPass::run(const JobControl& control, StepTimes* times) {
  WeightGradients weights(m_, gradient_, embedding_);
  if (!run_passes(control, times, weights)) return false;
  const double start = seconds_now();
  weights.add_embedding(mem_.dx, b_.ids.data(), b_.rows);
  weights.run(e_.device->all());
  e_.device->all().add_partials(gradient_, mem_.partials, static_cast<int64_t>(b_.sequences.size()),
                                m_.trained.partial_size, m_.trained.sums);
  keep_results();
  times->backward_seconds += seconds_now() - start;
  const int64_t of_head = m_.config.vocab * m_.config.hidden, of_layers = m_.matmul_parameters - of_head;
  times->flops += 2 * (static_cast<double>((of_layers + m_.trained.backward_of_row) * b_.rows) +
                       static_cast<double>((of_head + m_.trained.backward_of_head_row) * b_.head_rows));
  return true;
}

// The lanes take tasks of sequences, each from its first operator to its last where nothing of all rows comes between.
bool MicroBatchPass::run_passes(const JobControl& control, StepTimes* times, WeightGradients& weights) {
  const int64_t target = task_rows(*e_.device, b_.rows);
  const std::vector<SequenceTask> prefixes = sequence_tasks(placed_.prefixes, target);
  const std::vector<SequenceTask> own_tasks = sequence_tasks(placed_.own, target);
  std::atomic<bool> stopped{false};
  std::vector<double> forward_time(index(e_.device->lanes())), backward_time(forward_time);
  auto stage = [&](const std::vector<SequenceTask>& tasks, const auto& body) {
    e_.device->run(static_cast<int64_t>(tasks.size()), [&](int64_t i, int lane, Ops& ops) {
      if (is_cancelled(control)) stopped = true;
      if (!stopped) body(tasks[index(i)], lane, ops);
    });
    return !stopped;
  };
  auto timed = [](std::vector<double>& total, int lane, const auto& body) {
    const double start = seconds_now();
    body();
    total[index(lane)] += seconds_now() - start;
  };
  auto forward_task = [&](const SequenceTask& t, int lane, Ops& ops) {
    timed(forward_time, lane, [&] { forward(t, ops); });
  };
  auto backward_task = [&](const SequenceTask& t, LayerRange layers, int lane, Ops& ops) {
    timed(backward_time, lane, [&] { backward(t, layers, mem_.backward[index(lane)], ops); });
  };
  const bool by_layer = mem_.activations.plan.gradients_by_layer, head_at_once = chunk_rows_ == b_.head_rows,
             at_once = head_at_once && !by_layer;
  const std::vector<LayerRange> ranges = backward_ranges(m_, mem_.activations.plan);

  if (!stage(prefixes, [&](const SequenceTask& t, int lane, Ops& ops) {
        timed(forward_time, lane, [&] { forward_prefixes(t, ops); });
      }))
    return false;
  if (head_at_once) {
    const bool done = stage(own_tasks, [&](const SequenceTask& t, int lane, Ops& ops) {
      forward_task(t, lane, ops);
      timed(backward_time, lane, [&] {
        const int64_t next = t.first + t.count, row0 = own(t.first).head_row0;
        const int64_t end = next < static_cast<int64_t>(placed_.own.size()) ? own(next).head_row0 : b_.head_rows;
        head(row0, end - row0, mem_.logits.at(row0), ops);
      });
      if (at_once) backward_task(t, ranges.front(), lane, ops);
    });
    if (!done) return false;
    weights.add_head(logits_gradient(m_, mem_.logits), mem_.normed, b_.head_rows);
  } else {
    if (!stage(own_tasks, forward_task)) return false;
    const double start = seconds_now();
    head_in_chunks(weights);
    times->backward_seconds += seconds_now() - start;
  }
  for (const LayerRange& layers : ranges) {
    if (!at_once &&
        !stage(own_tasks, [&](const SequenceTask& t, int lane, Ops& ops) { backward_task(t, layers, lane, ops); }))
      return false;
    if (!stage(prefixes, [&](const SequenceTask& t, int lane, Ops& ops) {
          timed(backward_time, lane, [&] { backward_prefixes(t, layers, mem_.backward[index(lane)], ops); });
        }))
      return false;
    const double start = seconds_now();
    weights.add_layers(mem_.activations, layers, b_.rows);
    if (by_layer) weights.run(e_.device->all());
    times->backward_seconds += seconds_now() - start;
  }
  for (size_t i = 0; i < forward_time.size(); ++i) {
    times->forward_seconds += forward_time[i] / e_.device->lanes();
    times->backward_seconds += backward_time[i] / e_.device->lanes();
  }
  return true;
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
