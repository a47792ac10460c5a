#include "engine/train.h"

#include <algorithm>
#include <cmath>

#include "engine/checks.h"
#include "engine/optimizer.h"
#include "engine/sweep.h"
#include "loss/sequence_loss.h"

namespace glossa {
namespace {

LossOver loss_over(const TrainSettings& s) {
  if (!s.loss.supervised()) return LossOver::completion;
  return s.loss_on_prompt ? LossOver::everything : LossOver::completion_unshared;
}

// One scale for each row of the batch.
std::vector<float> row_scales(const TrainBatch& b, const TrainSettings& s) {
  const Ragged& completions = b.sequences.completions;
  std::vector<int64_t> tokens;
  for (int64_t i = 0; i < completions.rows; ++i) {
    const uint8_t* mask = b.completion_mask;
    tokens.push_back(mask ? std::count_if(mask + completions.offsets[i], mask + completions.offsets[i + 1],
                                          [](uint8_t has_loss) { return has_loss != 0; })
                          : completions.length(i) + (s.loss_on_prompt ? b.sequences.prompts.length(i) - 1 : 0));
  }
  return loss_scales(s.loss.type->normaliser, tokens, b.loss_mask, s.max_completion_length);
}

// Whether a row's every coefficient is exactly 0, whatever its log-probabilities: it is computed for its metrics alone.
bool has_gradient(const TrainBatch& b, const TrainSettings& s, int64_t row) {
  return s.loss.supervised() || s.loss.beta != 0 || s.loss.entropy_coef != 0 || b.advantages[row] != 0;
}

// Adds the layout's sequences, in order: of each the tokens that have loss.
Status add_sequences(const Layout& layout, const StepLoss& loss, LossSums* sums, double* difference) {
  const TokenResult* at = loss.results.data();
  const uint8_t* mask = loss.batch->completion_mask;
  std::vector<TokenResult> kept;
  for (const BatchRow& row : layout.rows()) {
    const int64_t n = layout.loss_tokens(row);
    for (int64_t j = 0; j < n; ++j)
      if (!std::isfinite(at[j].loss) || !std::isfinite(at[j].logp))
        return Status("NONFINITE", "the loss of row " + std::to_string(row.row) + ", token " + std::to_string(j) +
                                       " is not finite; the weights are those before the step");
    if (mask) {
      kept.clear();
      for (int64_t j = 0; j < n; ++j)
        if (mask[row.token0 + j]) kept.push_back(at[j]);
      if (!kept.empty()) sums->add(kept.data(), static_cast<int64_t>(kept.size()));
    } else {
      sums->add(at, n);
    }
    at += n;
  }
  for (float d : loss.differences) *difference = std::max(*difference, std::fabs(static_cast<double>(d)));
  return {};
}

StepLoss step_loss(const Layout& layout, const TrainBatch& batch, const Supports& supports, const TrainSettings& s) {
  StepLoss loss{s.loss, 1 / s.temperature, &batch, &supports, 0, {}, {}, {}, {}};
  const std::vector<float> scales = row_scales(batch, s);
  for (const BatchRow& r : layout.rows()) loss.scales.push_back(scales[static_cast<size_t>(r.row)]);
  loss.results.resize(static_cast<size_t>(layout.results()));
  if (!s.loss.supervised() && batch.old_logps) loss.differences.resize(loss.results.size());
  return loss;
}

// The ids of the layout's rows, each once, and that of padding; place [vocab]: where each stands, and where the
// padding's does for any other, which only memory that changes during the step can name.
std::vector<int32_t> distinct_ids(const Layout& layout, int64_t vocab, std::vector<int32_t>* place) {
  std::vector<int32_t> ids;
  place->assign(static_cast<size_t>(vocab), -1);
  auto add = [&](int32_t id) {
    if (id < 0 || id >= vocab) return;
    int32_t& at = (*place)[static_cast<size_t>(id)];
    if (at >= 0) return;
    at = static_cast<int32_t>(ids.size());
    ids.push_back(id);
  };
  add(0);
  for (const BatchRow& r : layout.rows()) {
    std::for_each(r.prompt, r.prompt + r.prompt_length, add);
    std::for_each(r.completion, r.completion + r.completion_length, add);
  }
  for (int32_t& at : *place) at = std::max(at, 0);
  return ids;
}

// Gradients of the whole batch in e.gradient, trained layout.
Result<TrainMetrics> accumulate(EngineState& e, const TrainBatch& batch, const TrainSettings& s,
                                const JobControl& control) {
  const Model& m = e.model;
  if (Status bad = check_train(m, batch, s); !bad.ok()) return bad;
  e.make_room_for_training();
  std::vector<BatchRow> learning, silent;
  for (const BatchRow& r : batch_rows(batch.sequences, batch.loss_mask))
    (has_gradient(batch, s, r.row) ? learning : silent).push_back(r);
  const Layout layout(std::move(learning), loss_over(s), m.config.vocab),
      silent_layout(std::move(silent), loss_over(s), m.config.vocab);
  const Supports supports(batch.sequences);
  StepLoss loss = step_loss(layout, batch, supports, s), silent_loss = step_loss(silent_layout, batch, supports, s);
  loss.bonus = entropy_bonus(s.loss, layout.results());

  std::vector<int32_t> ids;
  SharedEmbedding embedding;
  const Trained& trained = m.trained;
  const bool shared = m.config.tied && trained.embedding >= 0;
  if (shared) ids = distinct_ids(layout, m.config.vocab, &embedding.place);
  const int64_t size = trained.parameters + static_cast<int64_t>(ids.size()) * m.config.hidden;
  e.gradient.reserve(size * 4);
  const Values gradient{e.gradient.data()};
  if (shared) embedding.rows = gradient.at(trained.parameters);
  e.device->fill(gradient.data, 0, size * 4);

  const RowBudget budget = training_budget(*e.device, m, s.micro_batch_tokens);
  TrainMetrics out;
  StepTimes times;
  const bool sweeps = needs_sweep(s.loss, !batch.old_logps);
  const int64_t units = static_cast<int64_t>(layout.units().size()),
                all_units = units * (sweeps ? 2 : 1) + static_cast<int64_t>(silent_layout.units().size());
  int64_t gone_over = 0;
  auto advanced = [&](int64_t done) {
    if (control.progress) control.progress(done, all_units, out.tokens);
  };
  auto forward = [&](const Layout& rows, StepLoss* measured, bool again) {
    const double start = seconds_now();
    int64_t tokens = 0;
    auto done = [&](int64_t n, int64_t count) {
      tokens += count;
      if (!again) out.tokens += count;
      if (!again) ++out.micro_batches;
      advanced(gone_over + n);
    };
    if (!measure(e, rows, s, control, done, measured)) return false;
    gone_over += static_cast<int64_t>(rows.units().size());
    times.forward_seconds += seconds_now() - start;
    times.flops += 2 * static_cast<double>(m.matmul_parameters) * static_cast<double>(tokens);
    return true;
  };
  const Status cancelled("CANCELLED", "the step was cancelled; the weights are unchanged");
  if (sweeps) {
    if (!forward(layout, &loss, true) || !forward(silent_layout, &silent_loss, false)) return cancelled;
    resolve({{&layout, &loss}, {&silent_layout, &silent_loss}});
  }
  for (int64_t unit = 0; unit < units;) {
    const MicroBatch b = layout.next(&unit, budget);
    e.need_positions(b.longest_keys);
    MicroBatchPass pass(e, layout, b, loss, gradient, embedding);
    if (!pass.run(control, &times)) return cancelled;
    out.tokens += b.rows;
    ++out.micro_batches;
    advanced(gone_over + unit);
  }
  gone_over += units;
  if (!sweeps && !forward(silent_layout, &silent_loss, false)) return cancelled;
  if (shared)
    e.device->all().add_rows(gradient.at(trained.embedding), ids,
                             {embedding.rows.data, Dtype::f32, m.config.hidden, m.config.hidden});
  out.forward_seconds = times.forward_seconds;
  out.backward_seconds = times.backward_seconds;
  out.flops = times.flops;
  LossSums sums(s.loss);
  if (Status bad = add_sequences(layout, loss, &sums, &out.logp_max_abs_diff); !bad.ok()) return bad;
  if (Status bad = add_sequences(silent_layout, silent_loss, &sums, &out.logp_max_abs_diff); !bad.ok()) return bad;
  sums.report(&out);
  Result<double> norm = gradient_norm(e, gradient);
  if (!norm.ok()) return norm.status();
  out.grad_norm = norm.value();
  out.learning_rate = s.learning_rate;
  return out;
}

}  // namespace

Result<TrainMetrics> train_step(EngineState& e, const TrainBatch& batch, const TrainSettings& s,
                                const JobControl& control) {
  Result<TrainMetrics> metrics = accumulate(e, batch, s, control);
  if (!metrics.ok()) return metrics;
  if (is_cancelled(control)) return Status("CANCELLED", "the step was cancelled; the weights are unchanged");
  const double start = seconds_now();
  adamw_step(e, {e.gradient.data()}, s, clip_factor(metrics.value().grad_norm, s.max_grad_norm));
  metrics.value().optimizer_seconds = seconds_now() - start;
  return metrics;
}

Result<TrainMetrics> batch_gradients(EngineState& e, const TrainBatch& batch, const TrainSettings& s,
                                     std::vector<float>* out) {
  Result<TrainMetrics> metrics = accumulate(e, batch, s, {});
  if (!metrics.ok()) return metrics;
  const Trained& trained = e.model.trained;
  out->assign(static_cast<size_t>(e.model.master_parameters()), 0);
  for (size_t i = 0; i < trained.tensors.size(); ++i) {
    const TensorSpec& t = trained.tensors[i];
    e.device->download(out->data() + trained.masters[i], Values{e.gradient.data()}.at(t.offset).data,
                       element_count(t) * 4);
  }
  return metrics;
}

}  // namespace glossa
