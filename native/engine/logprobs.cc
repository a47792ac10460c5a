#include "engine/logprobs.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "engine/batch.h"
#include "engine/checks.h"
#include "model/head_loss.h"

namespace glossa {
namespace {

// Memory for tasks of at most `rows` rows.
struct TaskMemory {
  Activations activations;
  Rows normed, logits;
  Values rstd;
};
TaskMemory carve(const Device& device, const Model& m, Carver& c, int64_t rows) {
  TaskMemory w;
  w.activations = carve_activations(device.traits().activations, m, c, rows, false);
  w.normed = c.rows(m.dtype, rows, m.config.hidden);
  w.rstd = c.values(rows);
  w.logits = logits_rows(m, c.values(std::min(rows, device.traits().head_rows) * logits_stride(m)));
  return w;
}

int64_t bytes_per_row(const Device& device, const Model& m) {
  Carver c;
  carve_activations(device.traits().activations, m, c, 1024, false);
  return c.used() / 1024 + kv_cache_bytes(m, 1);
}

// The sequences of a task with rows counted from 0, and their ids.
void rebase(const SequenceRows* sequences, int64_t count, const MicroBatch& b, std::vector<SequenceRows>* rows,
            std::vector<int32_t>* ids) {
  for (int64_t i = 0; i < count; ++i) {
    rows->push_back(sequences[i]);
    rows->back().row0 = static_cast<int64_t>(ids->size());
    auto from = b.ids.begin() + sequences[i].row0;
    ids->insert(ids->end(), from, from + sequences[i].rows);
  }
}

}  // namespace

LogprobSize logprob_size(const Device& device, const Model& m, const MicroBatch& b) {
  LogprobSize s{};
  s.target = device.traits().takes_all() ? device.traits().forward_rows : task_rows(device, b.rows);
  s.rows = std::min(std::max(s.target, b.longest_sequence), b.rows);
  s.caches = aligned(kv_bytes(m, b));
  Carver c;
  carve(device, m, c, s.rows);
  s.task = c.used();
  s.arena = s.caches + device.lanes() * s.task;
  s.workload.shape = m.shape;
  s.workload.keys = b.longest_keys;
  return s;
}

RowBudget logprob_budget(const Device& device, const Model& m, int64_t tokens) {
  return {tokens > 0 ? tokens : chosen_micro_batch(device.traits(), bytes_per_row(device, m)), 1, 0};
}

bool forward_logprobs(EngineState& e, const Weights& w, const Layout& layout, const Supports& supports,
                      float temperature, int64_t micro_batch_tokens, const JobControl& control,
                      const std::function<void(int64_t units, int64_t rows)>& done, float* logps, float* entropies) {
  const Model& m = e.model;
  e.make_room_for_training();
  const RowBudget budget = logprob_budget(*e.device, m, micro_batch_tokens);
  std::atomic<bool> stopped{false};
  for (int64_t unit = 0; unit < static_cast<int64_t>(layout.units().size());) {
    const MicroBatch b = layout.next(&unit, budget);
    e.need_positions(b.longest_keys);
    const LogprobSize size = logprob_size(*e.device, m, b);
    e.arena.reserve(size.arena);
    e.device->reserve(size.workload);
    const Placed placed = place_sequences(m, b, e.arena.data());
    const std::vector<Support> of_rows = supports.of(layout, b);

    auto run = [&](const std::vector<SequenceRows>& sequences, const std::vector<int64_t>& index, bool keys_only) {
      const std::vector<SequenceTask> tasks = sequence_tasks(sequences, size.target);
      e.device->run(static_cast<int64_t>(tasks.size()), [&](int64_t t, int lane, Ops& ops) {
        if (is_cancelled(control)) stopped = true;
        if (stopped) return;
        const SequenceTask& task = tasks[static_cast<size_t>(t)];
        Carver carver(e.arena.data() + size.caches + lane * size.task);
        const TaskMemory memory = carve(*e.device, m, carver, size.rows);
        std::vector<SequenceRows> local;
        std::vector<int32_t> ids;
        rebase(sequences.data() + task.first, task.count, b, &local, &ids);
        ops.embed(memory.activations.x_first(), w.table(), ids.data(), task.rows);
        forward_layers(ops, m, w, memory.activations, local.data(), task.count, keys_only);
        if (keys_only) return;
        final_norm(ops, m, w, memory.normed, memory.rstd, memory.activations.x_last(), task.rows);
        // Every row carries loss; those of a task lie end to end, and so do their results. Between targets there is
        // padding.
        auto head_row = [&](int64_t i) {
          return b.sequences[static_cast<size_t>(index[static_cast<size_t>(task.first + i)])].head_row0;
        };
        std::vector<int32_t> targets;
        std::vector<Support> local_supports;
        for (int64_t i = 0; i < task.count; ++i) {
          const auto from = b.targets.begin() + head_row(i);
          targets.insert(targets.end(), from, from + local[static_cast<size_t>(i)].rows);
          if (of_rows.empty()) continue;
          const auto first = of_rows.begin() + head_row(i);
          local_supports.insert(local_supports.end(), first, first + local[static_cast<size_t>(i)].rows);
        }
        const int64_t at = b.result[static_cast<size_t>(head_row(0))];
        head_logps(ops, m, w, 1 / temperature, targets.data(), supports.biases(),
                   of_rows.empty() ? nullptr : local_supports.data(), memory.normed, memory.logits, task.rows,
                   e.device->traits().head_rows, logps + at, entropies + at);
      });
    };
    run(placed.prefixes, placed.prefix_index, true);
    run(placed.own, placed.own_index, false);
    if (stopped) return false;
    done(unit, b.rows);
  }
  return true;
}

Result<Logprobs> logprobs(EngineState& e, const SequenceBatch& batch, const LogprobSettings& settings,
                          const JobControl& control) {
  if (Status s = check_batch(e.model, batch, 1); !s.ok()) return s;
  if (Status s = check_temperature(settings.temperature, false); !s.ok()) return s;
  if (settings.micro_batch_tokens < 0)
    return Status("INVALID_ARGUMENT", "micro_batch_tokens must be 0 (chosen) or more");
  if (settings.reference && e.reference.empty())
    return Status("REFERENCE_MISSING", "there is no frozen reference: call set_reference first");

  const Layout layout(batch_rows(batch, nullptr), LossOver::completion, e.model.config.vocab);
  Logprobs out;
  out.logps.resize(static_cast<size_t>(layout.results()));
  out.entropies.resize(out.logps.size());
  int64_t tokens = 0;
  auto done = [&](int64_t units, int64_t rows) {
    tokens += rows;
    if (control.progress) control.progress(units, static_cast<int64_t>(layout.units().size()), tokens);
  };
  if (!forward_logprobs(e, settings.reference ? e.reference : e.policy, layout, Supports(batch), settings.temperature,
                        settings.micro_batch_tokens, control, done, out.logps.data(), out.entropies.data()))
    return Status("CANCELLED", "the log-probabilities were cancelled");
  return out;
}

Result<std::vector<float>> sequence_logits(EngineState& e, const int32_t* ids, int64_t n) {
  const Model& m = e.model;
  const int32_t offsets[2] = {0, static_cast<int32_t>(n)};
  if (Status s = check_rows(m, {ids, offsets, 1}, "sequence", 1); !s.ok()) return s;
  if (n > m.config.context)
    return Status("SEQUENCE_EXCEEDS_CONTEXT", "the sequence has " + std::to_string(n) +
                                                  " ids; the model's context is " + std::to_string(m.config.context));
  e.need_positions(n);
  SequenceRows rows{};
  rows.rows = n;
  Address page;
  rows.own = {&page, kv_capacity(n)};
  Rows logits;
  auto place = [&](Carver c) {
    page = c.bytes(kv_cache_bytes(m, rows.own.positions));
    const TaskMemory memory = carve(*e.device, m, c, n);
    logits = c.rows(Dtype::f32, n, m.config.vocab);
    return std::pair(memory, c.used());
  };
  e.arena.reserve(place(Carver()).second);
  const TaskMemory memory = place(Carver(e.arena.data())).first;
  Workload workload;
  workload.shape = m.shape;
  workload.keys = n;
  e.device->reserve(workload);
  Ops& ops = e.device->all();
  ops.embed(memory.activations.x_first(), e.policy.table(), ids, n);
  forward_layers(ops, m, e.policy, memory.activations, &rows, 1, false);
  final_norm(ops, m, e.policy, memory.normed, memory.rstd, memory.activations.x_last(), n);
  head_logits(ops, m, e.policy, logits, memory.normed, n);
  std::vector<float> out(static_cast<size_t>(n * m.config.vocab));
  e.device->download(out.data(), logits.data, n * m.config.vocab * 4);
  return out;
}

}  // namespace glossa
