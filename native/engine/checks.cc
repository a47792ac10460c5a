#include "engine/checks.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/law.h"

namespace glossa {
namespace {

std::string of(const char* what, int64_t row) {
  return std::string(what) + " " + std::to_string(row);
}

Status bad(const std::string& message) {
  return Status("INVALID_ARGUMENT", message);
}

Status check_finite(const float* values, int64_t from, int64_t to, const char* what) {
  for (int64_t i = from; i < to; ++i)
    if (!std::isfinite(values[i])) return bad(std::string(what) + "[" + std::to_string(i) + "] is not a finite number");
  return {};
}

Status check_adam(const TrainSettings& s) {
  if (!(std::isfinite(s.learning_rate) && s.learning_rate >= 0)) return bad("learning_rate must be 0 or more");
  if (!(s.adam_beta1 >= 0 && s.adam_beta1 < 1)) return bad("adam_beta1 must lie in [0, 1)");
  if (!(s.adam_beta2 >= 0 && s.adam_beta2 < 1)) return bad("adam_beta2 must lie in [0, 1)");
  if (!(std::isfinite(s.adam_epsilon) && s.adam_epsilon >= 0)) return bad("adam_epsilon must be 0 or more");
  if (!(std::isfinite(s.weight_decay) && s.weight_decay >= 0)) return bad("weight_decay must be 0 or more");
  if (std::isnan(s.max_grad_norm)) return bad("max_grad_norm is not a number");
  return {};
}

Status check_completion_mask(const TrainBatch& b, const TrainSettings& s) {
  if (!b.completion_mask) return {};
  if (!s.loss.supervised()) return bad("completion_mask is for the supervised loss only");
  if (s.loss_on_prompt) return bad("completion_mask leaves completions out, and loss_on_prompt asks for prompts too");
  const Ragged& completions = b.sequences.completions;
  const uint8_t *from = b.completion_mask + completions.offsets[0],
                *to = b.completion_mask + completions.offsets[completions.rows];
  if (std::all_of(from, to, [](uint8_t has_loss) { return has_loss == 0; }))
    return Status("BATCH_EMPTY", "completion_mask leaves no token that has loss");
  return {};
}

Status check_loss(const TrainBatch& b, const TrainSettings& s) {
  if (Status e = check_completion_mask(b, s); !e.ok()) return e;
  if (s.loss.supervised()) return {};
  if (s.loss_on_prompt) return bad("loss_on_prompt is for the supervised loss only");
  if (!b.advantages) return bad("a GRPO step needs one advantage for every row");
  if (s.loss.beta != 0 && !b.ref_logps)
    return bad("beta is " + std::to_string(s.loss.beta) + ", so the reference's log-probabilities are needed");
  for (const LossNumber& n : loss_numbers())
    if (const float x = s.loss.*n.setting; !(x >= n.least && x <= n.most))
      return bad(std::string(n.name) + " must lie in [" + std::to_string(n.least) + ", " + std::to_string(n.most) +
                 "], not " + std::to_string(x));
  if (s.loss.type->normaliser == Normaliser::longest && s.max_completion_length < 1)
    return bad(std::string(s.loss.type->name) + " divides by max_completion_length, which must be at least 1");
  return {};
}

}  // namespace

Status check_rows(const Model& m, const Ragged& r, const char* what, int64_t least) {
  if (r.rows < 1) return Status("BATCH_EMPTY", std::string("there are no ") + what + "s");
  if (!r.offsets) return bad(std::string("the offsets of the ") + what + "s are missing");
  for (int64_t i = 0; i < r.rows; ++i) {
    if (r.offsets[i] < 0 || r.offsets[i + 1] < r.offsets[i])
      return bad("the offsets of " + of(what, i) + " do not ascend: " + std::to_string(r.offsets[i]) + ", " +
                 std::to_string(r.offsets[i + 1]));
    if (r.length(i) < least)
      return Status("SEQUENCE_EMPTY", of(what, i) + " has " + std::to_string(r.length(i)) + " ids; at least " +
                                          std::to_string(least) + " needed");
    for (int32_t j = r.offsets[i]; j < r.offsets[i + 1]; ++j)
      if (r.ids[j] < 0 || r.ids[j] >= m.config.vocab)
        return Status("TOKEN_OUT_OF_RANGE", of(what, i) + ", position " + std::to_string(j - r.offsets[i]) + ": id " +
                                                std::to_string(r.ids[j]) + " is not in the vocabulary of " +
                                                std::to_string(m.config.vocab));
  }
  return {};
}

Status check_batch(const Model& m, const SequenceBatch& b, int64_t least_completion) {
  if (Status s = check_rows(m, b.prompts, "prompt", 1); !s.ok()) return s;
  if (b.completions.rows != b.prompts.rows)
    return bad(std::to_string(b.prompts.rows) + " prompts but " + std::to_string(b.completions.rows) + " completions");
  if (Status s = check_rows(m, b.completions, "completion", least_completion); !s.ok()) return s;
  for (int64_t i = 0; i < b.prompts.rows; ++i) {
    int64_t length = b.prompts.length(i) + b.completions.length(i);
    if (length > m.config.context)
      return Status("SEQUENCE_EXCEEDS_CONTEXT", "row " + std::to_string(i) + " has " + std::to_string(length) +
                                                    " ids; the model's context is " + std::to_string(m.config.context));
  }
  return check_law(m, b);
}

Status check_temperature(float t, bool zero_allowed) {
  if (std::isfinite(t) && (t > 0 || (zero_allowed && t == 0))) return {};
  return bad("temperature must be " + std::string(zero_allowed ? "0 (greedy) or more" : "more than 0") + ", not " +
             std::to_string(t));
}

Status check_generate(const Model& m, const GenerateRequest& r) {
  if (Status s = check_rows(m, r.prompts, "prompt", 1); !s.ok()) return s;
  if (r.num_generations < 1) return bad("num_generations must be at least 1");
  // The fields of the draw's counter.
  if (r.num_generations > (1 << 18)) return bad("num_generations may be at most 262144");
  if (r.purpose > 0xff) return bad("purpose must be below 256");
  if (r.step >= (1u << 24)) return bad("step must be below 16777216");
  if (r.slots < 0) return bad("slots must be 0 (chosen) or more");
  if (r.look_every < 0) return bad("look_every must be 0 (chosen) or more");
  if (r.looks < 0 || r.looks > 8) return bad("looks must lie in [0 (chosen), 8]");
  if (r.max_new_tokens < 1) return bad("max_new_tokens must be at least 1");
  for (int64_t i = 0; i < r.prompts.rows; ++i) {
    int64_t budget = budget_of(r, i), length = r.prompts.length(i);
    if (budget < 1 || budget > r.max_new_tokens)
      return bad("the budget of prompt " + std::to_string(i) + " is " + std::to_string(budget) +
                 "; it must lie in [1, max_new_tokens = " + std::to_string(r.max_new_tokens) + "]");
    if (length + budget > m.config.context)
      return Status("BUDGET_EXCEEDS_CONTEXT", "prompt " + std::to_string(i) + " has " + std::to_string(length) +
                                                  " ids and a budget of " + std::to_string(budget) +
                                                  "; together more than the model's context of " +
                                                  std::to_string(m.config.context));
  }
  for (int32_t id : r.stop_ids)
    if (id < 0 || id >= m.config.vocab)
      return Status("TOKEN_OUT_OF_RANGE",
                    "stop id " + std::to_string(id) + " is not in the vocabulary of " + std::to_string(m.config.vocab));
  const SamplingSettings& s = r.sampling;
  if (Status bad_temperature = check_temperature(s.temperature, true); !bad_temperature.ok()) return bad_temperature;
  if (s.top_k < 0) return bad("top_k must be 0 (off) or more");
  if (!(s.top_p > 0 && s.top_p <= 1)) return bad("top_p must lie in (0, 1]");
  if (!(s.min_p >= 0 && s.min_p <= 1)) return bad("min_p must lie in [0, 1]");
  if (r.of_law && s.temperature == 0) return bad("a law to train on needs a temperature above 0");
  if (Status wrong = check_biases(m, r.logit_bias, r.logit_bias ? r.biases : 0, r.bias_of, r.prompts.rows); !wrong.ok())
    return wrong;
  if (r.admission) {
    std::vector<bool> seen(static_cast<size_t>(r.prompts.rows));
    for (int64_t i = 0; i < r.prompts.rows; ++i) {
      int32_t p = r.admission[i];
      if (p < 0 || p >= r.prompts.rows || seen[static_cast<size_t>(p)])
        return bad("admission is not a permutation of the prompts: entry " + std::to_string(i) + " is " +
                   std::to_string(p));
      seen[static_cast<size_t>(p)] = true;
    }
  }
  return {};
}

Status check_train(const Model& m, const TrainBatch& b, const TrainSettings& s) {
  if (Status e = check_batch(m, b.sequences, s.loss_on_prompt ? 0 : 1); !e.ok()) return e;
  const Ragged& completions = b.sequences.completions;
  if (s.loss_on_prompt)
    for (int64_t i = 0; i < completions.rows; ++i)
      if (b.sequences.prompts.length(i) + completions.length(i) < 2)
        return Status("SEQUENCE_EMPTY", "row " + std::to_string(i) + " has one id: nothing to predict");
  if (Status e = check_temperature(s.temperature, false); !e.ok()) return e;
  if (s.micro_batch_tokens < 0) return bad("micro_batch_tokens must be 0 (chosen) or more");
  if (Status e = check_adam(s); !e.ok()) return e;
  if (Status e = check_loss(b, s); !e.ok()) return e;
  if (s.loss.supervised()) return {};
  const int64_t from = completions.offsets[0], to = completions.offsets[completions.rows];
  if (Status e = check_finite(b.advantages, 0, completions.rows, "advantages"); !e.ok()) return e;
  if (b.old_logps)
    if (Status e = check_finite(b.old_logps, from, to, "old_logps"); !e.ok()) return e;
  if (b.ref_logps)
    if (Status e = check_finite(b.ref_logps, from, to, "ref_logps"); !e.ok()) return e;
  return {};
}

}  // namespace glossa
