// The blocks, written once: prefill, decode, log-probabilities and training differ only in which rows are given.
#pragma once
#include "model/activations.h"
#include "model/weights.h"

namespace glossa {

// A stretch of adjoining rows of several sequences: products run over all of it at once.
struct Span {
  int64_t row0, rows;
  int64_t first, count;  // of the sequences
};
std::vector<Span> spans_of(const SequenceRows* sequences, int64_t count);

// body(row, rows) over a span, as many rows at a time as the operators want to take through a chain together.
template <class Body>
void in_blocks(const Ops& ops, const Span& span, const Body& body) {
  const int64_t most = ops.block_rows(), end = span.row0 + span.rows;
  for (int64_t r = span.row0, n; r < end; r += n) {
    n = most < end - r ? most : end - r;
    body(r, n);
  }
}

// A norm of a layer, and the final one, with what the model multiplies what it gives by: what an after-norm gives is
// added to the residual stream, and what the final one gives is the head's input, whose logits are scaled by it.
RmsNorm layer_norm(const Model&, const LayerVectors&, NormOfLayer);
RmsNorm last_norm(const Model&, const Weights&);

// Rows [row0, row0 + rows) of normed1 or normed2: what the first product of attention or MLP reads of the residual
// stream.
void layer_input(Ops&, const Model&, const LayerVectors&, const LayerRows&, NormOfLayer before, int64_t row0,
                 int64_t rows);

AttentionLayer attention_layer(const Model&, const Weights&, const LayerRows&, int64_t layer);

// All layers over the rows of `sequences` (ascending row0). x_first() holds the embeddings, x_last() receives the
// result; keys and values are added to every sequence's `own`. keys_only: in the last layer nothing but keys and values
// is computed, which is all that later rows need of a prompt.
void forward_layers(Ops&, const Model&, const Weights&, const Activations&, const SequenceRows* sequences,
                    int64_t count, bool keys_only);

// One layer's pass again, over rows that went through it: with the same bits, all but what it gives to the next layer.
void forward_again(Ops&, const Model&, const Weights&, const Activations&, int64_t layer, const SequenceRows* sequences,
                   int64_t count);

// The final norm of x [rows][hidden], in the model's type; rstd [rows].
void final_norm(Ops&, const Model&, const Weights&, const Rows& out, Values rstd, const Rows& x, int64_t rows);

// Logits of normed rows; a row begins on a cache line.
inline int64_t logits_stride(const Model& m) {
  return (m.config.vocab + 15) / 16 * 16;
}
inline Rows logits_rows(const Model& m, Values data) {
  return {data.data, Dtype::f32, m.config.vocab, logits_stride(m)};
}

}  // namespace glossa
