#include "engine/train.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/checks.h"
#include "engine/loss_scale.h"
#include "engine/micro_batch.h"
#include "engine/optimizer.h"

namespace glossa {
namespace {

constexpr int64_t kChunk = 65536;

template <class Body>
void in_parallel(ThreadPool& pool, int64_t n, const Body& body) {
  pool.run((n + kChunk - 1) / kChunk, [&](int64_t i, int) { body(i * kChunk, std::min(kChunk, n - i * kChunk)); });
}

LossOver loss_over(const TrainSettings& s) {
  if (s.loss.type != LossType::supervised) return LossOver::completion;
  return s.loss_on_prompt ? LossOver::everything : LossOver::completion_unshared;
}

// Scales by row of the layout, which leaves the masked rows out.
std::vector<float> layout_scales(const Layout& layout, const TrainBatch& b, const TrainSettings& s) {
  std::vector<int64_t> tokens;
  for (int64_t i = 0; i < b.sequences.completions.rows; ++i)
    tokens.push_back(b.sequences.completions.length(i) +
                     (s.loss_on_prompt ? b.sequences.prompts.length(i) - 1 : 0));
  const std::vector<float> all = loss_scales(s.loss.type, tokens, b.loss_mask, s.max_completion_length);
  std::vector<float> scales;
  for (const BatchRow& r : layout.rows()) scales.push_back(all[static_cast<size_t>(r.row)]);
  return scales;
}

// Sums in the order of the batch, in double.
Status add_results(const Layout& layout, const StepLoss& loss, TrainMetrics* out) {
  double entropy = 0, kl = 0, low = 0, high = 0, low_min = 1, high_max = 0;
  for (const Unit& u : layout.units()) {
    int64_t at = u.result0;
    for (int64_t i = u.first; i < u.first + u.count; ++i) {
      const int64_t n = layout.loss_tokens(layout.rows()[static_cast<size_t>(i)]);
      double row_low = 0, row_high = 0;
      for (int64_t j = 0; j < n; ++j, ++at) {
        const TokenResult& r = loss.results[static_cast<size_t>(at)];
        if (!std::isfinite(r.loss) || !std::isfinite(r.logp))
          return Status("NONFINITE", "the loss of row " + std::to_string(layout.rows()[static_cast<size_t>(i)].row) +
                                         ", token " + std::to_string(j) +
                                         " is not finite; the weights are those before the step");
        out->loss += r.loss;
        entropy += r.entropy;
        kl += r.kl;
        row_low += r.clip_low;
        row_high += r.clip_high;
      }
      low += row_low;
      high += row_high;
      if (n > 0) {
        low_min = std::min(low_min, row_low / static_cast<double>(n));
        high_max = std::max(high_max, row_high / static_cast<double>(n));
      }
    }
  }
  const double n = static_cast<double>(std::max<int64_t>(layout.results(), 1));
  out->loss_tokens = layout.results();
  out->entropy = entropy / n;
  out->kl = kl / n;
  out->clip_low_mean = low / n;
  out->clip_high_mean = high / n;
  out->clip_region_mean = (low + high) / n;
  out->clip_low_min = layout.results() > 0 ? low_min : 0;
  out->clip_high_max = high_max;
  for (float d : loss.differences)
    out->logp_max_abs_diff = std::max(out->logp_max_abs_diff, std::fabs(static_cast<double>(d)));
  return {};
}

// Gradients of the whole batch in e.gradient, flat layout.
Result<TrainMetrics> accumulate(EngineState& e, const TrainBatch& batch, const TrainSettings& s,
                                const JobControl& control) {
  const Model& m = e.model;
  if (Status bad = check_train(m, batch, s); !bad.ok()) return bad;
  const int64_t head_size = m.config.tied ? m.config.vocab * m.config.hidden : 0;
  e.gradient.reserve((m.parameters + head_size) * 4);
  float* gradient = reinterpret_cast<float*>(e.gradient.data());
  float* head_gradient = head_size > 0 ? gradient + m.parameters : nullptr;
  in_parallel(*e.pool, m.parameters + head_size,
              [&](int64_t at, int64_t n) { std::memset(gradient + at, 0, static_cast<size_t>(n) * 4); });

  const Layout layout(batch_rows(batch.sequences, batch.loss_mask), loss_over(s));
  StepLoss loss{s.loss, 1 / s.temperature, &batch, layout_scales(layout, batch, s), {}, {}};
  loss.results.resize(static_cast<size_t>(layout.results()));
  if (s.loss.type != LossType::supervised && batch.old_logps) loss.differences.resize(loss.results.size());

  const int64_t budget = s.micro_batch_tokens > 0 ? s.micro_batch_tokens
                                                  : chosen_micro_batch(training_bytes_per_row(m));
  TrainMetrics out;
  StepTimes times;
  const int64_t units = static_cast<int64_t>(layout.units().size());
  for (int64_t unit = 0; unit < units;) {
    const MicroBatch b = layout.next(&unit, budget);
    e.model.need_positions(b.longest_keys);
    MicroBatchPass pass(e, layout, b, loss, gradient, head_gradient);
    if (!pass.run(control, &times)) return Status("CANCELLED", "the step was cancelled; the weights are unchanged");
    out.tokens += b.rows;
    ++out.micro_batches;
    if (control.progress) control.progress(unit, units, out.tokens);
  }
  if (head_gradient)
    in_parallel(*e.pool, head_size, [&](int64_t at, int64_t n) {
      for (int64_t i = at; i < at + n; ++i) gradient[m.embedding + i] += head_gradient[i];
    });
  out.forward_seconds = times.forward_seconds;
  out.backward_seconds = times.backward_seconds;
  out.flops = times.flops;
  if (Status bad = add_results(layout, loss, &out); !bad.ok()) return bad;
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
  adamw_step(e, reinterpret_cast<const float*>(e.gradient.data()), s,
             clip_factor(metrics.value().grad_norm, s.max_grad_norm));
  metrics.value().optimizer_seconds = seconds_now() - start;
  return metrics;
}

Result<TrainMetrics> batch_gradients(EngineState& e, const TrainBatch& batch, const TrainSettings& s,
                                     std::vector<float>* out) {
  Result<TrainMetrics> metrics = accumulate(e, batch, s, {});
  if (!metrics.ok()) return metrics;
  const float* gradient = reinterpret_cast<const float*>(e.gradient.data());
  out->assign(gradient, gradient + e.model.parameters);
  return metrics;
}

}  // namespace glossa
