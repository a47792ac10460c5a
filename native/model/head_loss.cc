#include "model/head_loss.h"

#include <algorithm>
#include <cstring>

namespace glossa {

void head_loss(const Model& m, const Weights& w, const HeadLoss& loss, const void* normed, float* d_normed,
               float* logits, int64_t row0, int64_t rows, const Crew& crew) {
  const int64_t d = m.config.hidden, vocab = m.config.vocab, ld = logits_stride(m);
  const HeadKernels& head = *m.kernels->head;
  const int64_t most = crew.together() ? rows : kHeadRows;
  for (int64_t at = 0; at < rows; at += most) {
    const int64_t n = std::min(most, rows - at), first = row0 + at;
    float* block = logits + at * ld;
    head_logits(m, w, block, ld, element(const_cast<void*>(normed), m.dtype, first * d), n, crew);
    crew.run(n, [&](int64_t i, int) {
      const int64_t r = first + i;
      float* row = block + i * ld;
      if (loss.targets[r] < 0) {
        std::memset(row, 0, static_cast<size_t>(ld) * 4);
        return;
      }
      float logp, entropy, stats[2];
      head.logp_row(row, vocab, loss.inv_temperature, loss.targets[r], &logp, &entropy, stats);
      TokenSlope slope;
      if (loss.slopes) {
        slope = loss.slopes[r];
      } else {
        TokenTerms terms = loss.terms[r];
        if (loss.on_policy) terms.old_logp = logp;
        loss.results[r] = token_loss(loss.settings, terms, logp, entropy, &slope);
      }
      head.gradient_row(row, m.dtype, row, vocab, loss.inv_temperature, loss.targets[r], slope, entropy, stats);
    });
    crew.by_columns(d, [&](int64_t panel0, int64_t panel1) {
      m.kernels->linear->multiply(d_normed + first * d, d, block, logits_gradient_stride(m), n,
                                  w.transposed(m.head_matrix()), m.dtype, d, vocab, panel0, panel1, nullptr, false);
    });
  }
}

void head_logps(const Model& m, const Weights& w, float inv_temperature, const int32_t* targets, const void* normed,
                float* logits, int64_t rows, float* logps, float* entropies, const Crew& crew) {
  const int64_t ld = logits_stride(m);
  head_logits(m, w, logits, ld, normed, rows, crew);
  crew.run(rows, [&](int64_t i, int) {
    float stats[2];
    m.kernels->head->logp_row(logits + i * ld, m.config.vocab, inv_temperature, targets[i], logps + i, entropies + i,
                              stats);
  });
}

}  // namespace glossa
