// The blocks, written once: prefill, decode, log-probabilities and training differ only in which rows are given.
#pragma once
#include "model/activations.h"
#include "model/crew.h"
#include "model/weights.h"

namespace glossa {

// A stretch of adjoining rows of several sequences: products run over all of it at once.
struct Span {
  int64_t row0, rows;
  int64_t first, count;  // of the sequences
};
std::vector<Span> spans_of(const SequenceRows* sequences, int64_t count);

// Rows that go through a chain of operators together, so that what passes between them stays in the cache: whole tiles
// of 13 rows.
constexpr int64_t kRowsOfBlock = 104;
template <class Body>
void in_blocks(const Span& span, const Body& body) {
  for (int64_t r = span.row0, end = span.row0 + span.rows; r < end; r += kRowsOfBlock)
    body(r, kRowsOfBlock < end - r ? kRowsOfBlock : end - r);
}

// Bytes of scratch of a thread for forward_layers over sequences that see at most `keys` keys.
int64_t forward_scratch_bytes(const Model&, int64_t keys);

// Embedding rows of ids to x [rows][hidden].
void embed(const Model&, const Weights&, float* x, const int32_t* ids, int64_t rows);

// All layers over the rows of `sequences` (ascending row0). x_first() holds the embeddings, x_last() receives the
// result; keys and values are added to every sequence's `own`. keys_only: in the last layer nothing but keys and values
// is computed, which is all that later rows need of a prompt.
void forward_layers(const Model&, const Weights&, const Activations&, const SequenceRows* sequences, int64_t count,
                    bool keys_only, const Crew&);

// The final norm of x [rows][hidden], in the model's type; rstd [rows].
void final_norm(const Model&, const Weights&, void* out, float* rstd, const float* x, int64_t rows);
// logits [rows][vocab], rows ld apart, from normed rows.
void head_logits(const Model&, const Weights&, float* logits, int64_t ld, const void* normed, int64_t rows,
                 const Crew&);
inline int64_t logits_stride(const Model& m) {
  return (m.config.vocab + 15) / 16 * 16;
}

}  // namespace glossa
