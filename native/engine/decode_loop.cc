#include "engine/decode_loop.h"

#include <algorithm>
#include <utility>

#include "model/head_loss.h"

namespace glossa {
namespace {

constexpr double kReportSeconds = 0.1;

}  // namespace

DecodeMemory carve_decode(const Device& device, const Model& m, Carver& c, int64_t slots, int64_t prompt_ids) {
  DecodeMemory d{};
  d.slots = slots;
  const DeviceTraits& traits = device.traits();
  d.activation_rows = std::max(slots, std::min({prompt_ids, traits.block_rows, traits.forward_rows}));
  d.activations = carve_activations(traits.activations, m, c, d.activation_rows, false);
  d.normed = c.rows(m.dtype, slots, m.config.hidden);
  d.rstd = c.values(slots);
  d.logits = logits_rows(m, c.values(slots * logits_stride(m)));
  return d;
}

DecodeLoop::DecodeLoop(Generation& job, Scheduler& scheduler, const Model& m, const Weights& w,
                       const DecodeMemory& memory, Ops& ops, const JobControl& control, bool reports)
    : job_(job),
      scheduler_(scheduler),
      m_(m),
      w_(w),
      mem_(memory),
      ops_(ops),
      control_(control),
      reports_(reports),
      rounds_(static_cast<size_t>(scheduler.looks())),
      decoder_(ops.decoder(memory.slots, scheduler.looks(), job.kept_words, job.request.stop_ids,
                           [this](DecodeBatch& batch, int64_t rows) { pass(batch, rows); })) {}

void DecodeLoop::run() {
  const size_t looks = rounds_.size();
  const double start = seconds_now();
  for (size_t begun = 0, drawn = 0;; ++drawn) {
    while (begun - drawn < looks && goes_on() && begin(&rounds_[begun % looks])) ++begun;
    if (begun == drawn || !goes_on()) break;
    DecodeRound& round = rounds_[drawn % looks];
    decoder_->finish(round.batch);
    scheduler_.drawn(round);
    report();
  }
  scheduler_.stop();
  decode_seconds = seconds_now() - start - prefill_seconds;
}

bool DecodeLoop::begin(DecodeRound* round) {
  if (!scheduler_.next(round)) return false;
  const double start = seconds_now();
  if (!prefill(ops_, m_, w_, mem_.activations, mem_.activation_rows, round->missing, control_)) return false;
  scheduler_.filled();
  prefill_seconds += seconds_now() - start;
  decoder_->start(round->batch);
  return true;
}

void DecodeLoop::pass(DecodeBatch& batch, int64_t n) {
  ops_.embed(mem_.activations.x_first(), w_.table(), batch.ids.data(), n);
  forward_layers(ops_, m_, w_, mem_.activations, batch.sequences.data(), n, false);
  final_norm(ops_, m_, w_, mem_.normed, mem_.rstd, mem_.activations.x_last(), n);
  head_logits(ops_, m_, w_, mem_.logits, mem_.normed, n);
  const GenerateRequest& q = job_.request;
  const float temperature = q.sampling.temperature == 0 ? 1 : q.sampling.temperature;
  DrawSettings s{q.sampling, q.logit_bias, 1 / temperature};
  s.biases = q.biases;
  s.of_law = q.of_law;
  if (batch.kept_words > 0) s.kept = batch.kept.data();
  ops_.sample(mem_.logits, s, batch.draws.data(), n);
}

void DecodeLoop::report() {
  if (!reports_ || (!control_.progress && !control_.completed)) return;
  const double now = seconds_now();
  if (now - last_report_ < kReportSeconds) return;
  last_report_ = now;
  if (control_.progress)
    control_.progress(job_.rows_done.load(std::memory_order_relaxed), job_.rows(),
                      job_.tokens_done.load(std::memory_order_relaxed));
  if (!control_.completed) return;
  if (Completed completed = job_.take_completed(); !completed.rows.empty()) control_.completed(std::move(completed));
}

}  // namespace glossa
