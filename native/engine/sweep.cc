#include "engine/sweep.h"

#include "engine/logprobs.h"
#include "loss/sequence_loss.h"

namespace glossa {

bool measure(EngineState& e, const Layout& layout, const TrainSettings& s, const JobControl& control,
             const std::function<void(int64_t units, int64_t rows)>& done, StepLoss* loss) {
  std::vector<float> logps(loss->results.size()), entropies(logps.size());
  if (!forward_logprobs(e, e.policy, layout, *loss->supports, s.temperature, s.micro_batch_tokens, control, done,
                        logps.data(), entropies.data()))
    return false;
  size_t at = 0;
  for (const BatchRow& r : layout.rows())
    for (int64_t j = 0; j < r.completion_length; ++j, ++at) {
      loss->results[at] = {logps[at], entropies[at], 0, 0, 0, 0, 0, 1};
      if (!loss->differences.empty()) loss->differences[at] = logps[at] - loss->batch->old_logps[r.token0 + j];
    }
  return true;
}

void resolve(const std::vector<Measured>& step) {
  std::vector<SequenceTerms> terms;
  for (const Measured& m : step) {
    StepLoss& loss = *m.loss;
    const TrainBatch& b = *loss.batch;
    loss.slopes.resize(loss.results.size());
    size_t at = 0;
    for (size_t i = 0; i < m.layout->rows().size(); ++i) {
      const BatchRow& row = m.layout->rows()[i];
      terms.push_back({row.completion_length, loss.results.data() + at, loss.slopes.data() + at,
                       b.old_logps ? b.old_logps + row.token0 : nullptr,
                       b.ref_logps ? b.ref_logps + row.token0 : nullptr, b.advantages[row.row], loss.scales[i]});
      at += static_cast<size_t>(row.completion_length);
    }
  }
  sequence_losses(step.front().loss->settings, terms);
}

}  // namespace glossa
