#include "model/reference.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>

#include "engine/law.h"
#include "ops/attention/attention_ref.h"
#include "ops/embedding/embedding_ref.h"
#include "ops/glu/glu_ref.h"
#include "ops/head/head_ref.h"
#include "ops/linear/linear_ref.h"
#include "ops/qkv/qkv_ref.h"
#include "ops/rmsnorm/rmsnorm_ref.h"

namespace glossa::ref {
namespace {

using Values = std::vector<double>;

class Parameters {
 public:
  Parameters(const ModelConfig& c, const Values& flat) : flat_(flat) {
    for (const TensorSpec& t : tensor_specs(c)) offsets_[t.name] = t.offset;
  }
  const double* operator()(const std::string& name) const {
    auto it = offsets_.find(name);
    return it == offsets_.end() ? nullptr : flat_.data() + it->second;
  }

 private:
  const Values& flat_;
  std::unordered_map<std::string, int64_t> offsets_;
};

Values product(const Values& a, const double* w, const double* bias, int64_t rows, int64_t n, int64_t k) {
  Values c(static_cast<size_t>(rows * n));
  linear(c.data(), a.data(), w, bias, rows, n, k, false);
  return c;
}

Values norm(const ModelConfig& c, const Values& x, const double* w) {
  const int64_t rows = static_cast<int64_t>(x.size()) / c.hidden;
  Values y(x.size()), rstd(static_cast<size_t>(rows));
  rmsnorm_forward(y.data(), rstd.data(), x.data(), w, static_cast<double>(c.rms_eps), rows, c.hidden,
                  static_cast<double>(c.block.norm_offset));
  return y;
}

void add(Values* to, const Values& from, float multiplier) {
  for (size_t i = 0; i < to->size(); ++i) (*to)[i] += static_cast<double>(multiplier) * from[i];
}
Values scaled(Values x, float multiplier) {
  for (double& v : x) v *= static_cast<double>(multiplier);
  return x;
}

Values attend(const ModelConfig& c, const Parameters& p, int64_t index, const std::string& layer, const Values& x,
              int64_t n) {
  const LayerAttention own = c.attention_of(index);
  const RopeConfig* rope = own.rope == LayerRope::none    ? nullptr
                           : own.rope == LayerRope::local ? &c.local_rope
                                                          : &c.rope;
  const std::string a = layer + "self_attn.";
  const QkvShape s = c.qkv_shape();
  const Values qkv = product(x, p(a + "q_proj.weight"), p(a + "q_proj.bias"), n, s.width(), c.hidden);
  Values q(static_cast<size_t>(n * s.q_width())), k(static_cast<size_t>(n * s.kv_width())), v(k), out(q);
  qkv_forward(q.data(), k.data(), v.data(), qkv.data(), 0, n, s, rope, p(a + "q_norm.weight"), p(a + "k_norm.weight"));
  attention_forward(out.data(), q.data(), k.data(), v.data(), n, 0, s, c.score_scale(), own.window);
  return product(out, p(a + "o_proj.weight"), nullptr, n, c.hidden, s.q_width());
}

Values mlp(const ModelConfig& c, const Parameters& p, const std::string& layer, const Values& x, int64_t n) {
  const Values gate_up = product(x, p(layer + "mlp.gate_proj.weight"), nullptr, n, 2 * c.ffn, c.hidden);
  Values h(static_cast<size_t>(n * c.ffn));
  glu_forward(h.data(), gate_up.data(), c.block.activation, n, c.ffn);
  return product(h, p(layer + "mlp.down_proj.weight"), nullptr, n, c.hidden, c.ffn);
}

std::vector<int32_t> row_ids(const SequenceBatch& b, int64_t row) {
  std::vector<int32_t> ids(b.prompts.ids + b.prompts.offsets[row], b.prompts.ids + b.prompts.offsets[row + 1]);
  ids.insert(ids.end(), b.completions.ids + b.completions.offsets[row],
             b.completions.ids + b.completions.offsets[row + 1]);
  return ids;
}

// What a row of logits is over a support.
Values restricted(Values row, const Biases& biases, const Support& s) {
  const int64_t v = static_cast<int64_t>(row.size());
  for (int64_t t = 0; t < v; ++t) {
    double& x = row[static_cast<size_t>(t)];
    if (s.bias >= 0) x += static_cast<double>(biases.tables[s.bias * v + t]);
    if (s.kept && std::find(s.kept, s.kept + s.count, t) == s.kept + s.count) x = -INFINITY;
  }
  return row;
}

// Log-probabilities and entropies of a row's ids from `from` on, given what comes before each.
Row sequence_row(const ModelConfig& c, const Values& parameters, const SequenceBatch& b, int64_t number, int64_t from,
                 double temperature) {
  const std::vector<int32_t> ids = row_ids(b, number);
  const Supports supports(b);
  const int64_t prompt = b.prompts.length(number);
  const int64_t n = static_cast<int64_t>(ids.size());
  const Values logits = model_logits(c, parameters, ids.data(), n - 1);
  Row out;
  for (int64_t i = from; i < n; ++i) {
    auto row = logits.begin() + (i - 1) * c.vocab;
    const Support support = supports.of(number, i < prompt ? -1 : b.completions.offsets[number] + i - prompt);
    const HeadRow head = head_row(restricted({row, row + c.vocab}, supports.biases(), support), 1 / temperature,
                                  ids[static_cast<size_t>(i)]);
    out.logps.push_back(head.logp);
    out.entropies.push_back(head.entropy);
  }
  return out;
}

}  // namespace

std::vector<double> model_logits(const ModelConfig& c, const std::vector<double>& parameters, const int32_t* ids,
                                 int64_t n) {
  const Parameters p(c, parameters);
  const double* table = p("model.embed_tokens.weight");
  Values x;
  for (int64_t i = 0; i < n; ++i) x.insert(x.end(), table + ids[i] * c.hidden, table + (ids[i] + 1) * c.hidden);
  x = scaled(std::move(x), c.embedding_multiplier);
  for (int64_t l = 0; l < c.layers; ++l) {
    const std::string layer = "model.layers." + std::to_string(l) + ".";
    auto normed = [&](NormOfLayer which, Values v) {
      return c.block.norms[which] ? norm(c, v, p(layer + c.block.norms[which])) : v;
    };
    add(&x, normed(kAfterAttention, attend(c, p, l, layer, normed(kBeforeAttention, x), n)), c.residual_multiplier);
    add(&x, normed(kAfterMlp, mlp(c, p, layer, normed(kBeforeMlp, x), n)), c.residual_multiplier);
  }
  return scaled(
      product(norm(c, x, p("model.norm.weight")), c.tied ? table : p("lm_head.weight"), nullptr, n, c.vocab, c.hidden),
      c.logit_multiplier);
}

std::vector<double> batch_logps(const ModelConfig& c, const std::vector<double>& parameters, const SequenceBatch& b,
                                double temperature) {
  Values out;
  for (int64_t i = 0; i < b.prompts.rows; ++i) {
    const Values row = sequence_row(c, parameters, b, i, b.prompts.length(i), temperature).logps;
    out.insert(out.end(), row.begin(), row.end());
  }
  return out;
}

std::vector<Row> batch_rows(const ModelConfig& c, const std::vector<double>& parameters, const TrainBatch& b,
                            const TrainSettings& s) {
  std::vector<Row> rows;
  const Ragged& completions = b.sequences.completions;
  for (int64_t i = 0; i < completions.rows; ++i) {
    const int64_t from = s.loss_on_prompt ? 1 : b.sequences.prompts.length(i);
    Row r = sequence_row(c, parameters, b.sequences, i, from, static_cast<double>(s.temperature));
    auto part = [&](const float* values) {
      return values ? Values(values + completions.offsets[i], values + completions.offsets[i + 1]) : Values();
    };
    r.old_logps = part(b.old_logps);
    r.ref_logps = part(b.ref_logps);
    r.advantage = b.advantages ? static_cast<double>(b.advantages[i]) : 0;
    r.dropped = b.loss_mask && !b.loss_mask[i];
    if (b.completion_mask) {
      Values logps, entropies;
      for (size_t t = 0; t < r.logps.size(); ++t) {
        if (!b.completion_mask[completions.offsets[i] + static_cast<int64_t>(t)]) continue;
        logps.push_back(r.logps[t]);
        entropies.push_back(r.entropies[t]);
      }
      r.logps = logps;
      r.entropies = entropies;
    }
    rows.push_back(std::move(r));
  }
  return rows;
}

double batch_loss(const ModelConfig& c, const std::vector<double>& parameters, const TrainBatch& b,
                  const TrainSettings& s, const std::vector<Row>& at) {
  return step_loss(s.loss, static_cast<double>(s.max_completion_length), batch_rows(c, parameters, b, s), at);
}

}  // namespace glossa::ref
