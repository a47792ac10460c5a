// The operators of the blocks, each over all rows it is given and, where rows belong to sequences, a table of those.
// One object of this class computes on one lane of a device (device/device.h): model/ and engine/ are written over it
// and know nothing below.
//
// Forward operators: the bits of a row depend on that row's operands alone, not on how many rows are given or on the
// lane. Backward operators: sums over rows run in ascending order of rows, so a result depends on the plan of
// micro-batches at most. Arrays named "host" lie in the caller's memory; all others in the device's.
//
// Rows lie end to end (stride = width), but for those of products (linear, its backward pass, matrix gradients), of
// scale, logits and what takes their place, and d_gate_up.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "loss/sequence_loss.h"
#include "ops/adamw/adamw.h"
#include "ops/glu/glu.h"
#include "ops/gradnorm/gradnorm.h"
#include "ops/head/head.h"
#include "ops/qkv/qkv.h"
#include "ops/sampling/sampling.h"
#include "ops/sequences.h"
#include "ops/support/support.h"

namespace glossa {

// One layer's attention: its operands over all rows of the buffers, whichever sequences are computed.
struct AttentionLayer {
  QkvShape shape;
  Dtype type;      // of keys, values and the output
  int64_t layer;   // whose keys and values in the caches
  float scale;     // of a score
  int64_t window;  // keys that a row sees, its own among them; 0: all before it
  Values rope;     // rope_table; or nothing, and queries and keys are not rotated
  Values q_norm, k_norm;
  Rows qkv;               // the q|k|v product; queries become normed and rotated in place
  Rows qk_raw;            // q|k before their norm: for the backward pass; or nothing
  Values rstd_q, rstd_k;  // [rows][rstd_q()], [rows][rstd_k()]
  Rows attention;         // heads side by side
  Values stats;           // [rows][heads][2]: for the backward pass; or nothing
};

// What the backward pass of an attention layer adds to that. Rows of the two float32 arrays count from `row0`.
struct AttentionGradient {
  int64_t row0;
  Rows d_attention;  // float32: gradient of `attention`
  Rows d_qkv32;      // float32: gradient of the product; d_qkv itself, counted from its row 0, where that is float32
  Rows d_qkv;        // of the operands' type: the same, rounded
  int64_t qkv_bias, q_norm, k_norm;  // places in a sequence's block of partial sums; -1: absent, or it does not train
  bool keys_only;  // nothing but keys and values was computed: only what readers left reaches the rows
};

// Rows whose norm is differentiated: those of `sequences` in [row0, row0 + rows).
struct RowsOfSequences {
  const SequenceRows* sequences;
  const SequenceGradient* gradients;
  int64_t count, row0, rows;
};

struct TokenLosses {
  LossSettings settings;
  float inv_temperature;
  const int32_t* targets;   // host; -1: padding, whose gradient is zero
  const TokenTerms* terms;  // host
  bool on_policy;           // the old log-probability is the present one
  TokenResult* results;     // host, out
  // Host. The slopes that a first sweep gave: then no loss is computed. Null: each token has its own.
  const TokenSlope* slopes;
  Biases biases{};
  const Support* supports = nullptr;  // host: of each row, which the logits are restricted to; null: every token
};

// A token to draw and what was drawn. Host.
struct Draw {
  DrawKey key;
  int32_t token;  // -1: there is nothing to draw; kResting
  float logp, entropy;
  int32_t bias = 0;  // of the settings' biases; -1: none
};
constexpr int32_t kResting = -2;
struct DrawSettings {
  SamplingSettings sampling;
  const float* logit_bias;  // host, [biases][vocab]; or null
  float inv_temperature;    // of log-probability and entropy
  int32_t biases = 1;
  // Log-probability and entropy are those of the law that is drawn from, and not of the whole vocabulary: the logits
  // are restricted to its support, in place.
  bool of_law = false;
  uint32_t* kept = nullptr;  // host, out, with of_law: of each row the tokens that the filters left, kept_words(vocab)
};

// Completions that are decoded together, the host's view. Row i of the buffers is the one row of sequence i.
struct DecodeBatch {
  int64_t passes = 1;                   // a token each; the device's decode_passes at most
  std::vector<SequenceRows> sequences;  // as the first pass finds them; own pages reach as far as the last one
  std::vector<int32_t> ids;             // the last token of each
  std::vector<int32_t> left;            // tokens until its budget is used up
  // [rows], the keys of the first pass; then [passes][rows], what each drew. A completion that is over rests.
  std::vector<Draw> draws;
  // [rows]: the row of the batch before that it goes on from, where the host does not know yet what that drew last: its
  // id is that one's, and it rests where that one does. -1: as it stands here.
  std::vector<int32_t> from;
  int64_t kept_words = 0;      // of a draw; 0: what is kept is not asked for
  std::vector<uint32_t> kept;  // [passes][rows][kept_words]
  int64_t rows() const { return static_cast<int64_t>(ids.size()); }
};

// Decodes one batch after the other. Between two passes every row goes on to its next token, unless the last one was a
// stop id or its budget's last, or there was nothing to draw: then it rests, and writes nothing.
class Decoder {
 public:
  virtual ~Decoder() = default;
  // Asks for the passes of a batch, which stays until they are finished. As many may be under way as it was made for.
  virtual void start(DecodeBatch&) = 0;
  // Waits for the passes of the batch that was started first, and shows the host what they drew.
  virtual void finish(DecodeBatch&) = 0;
};

using DecodePass = std::function<void(DecodeBatch&, int64_t n)>;

// gradient [n][k] += sum over rows in order of d_c[row][n] * a[row][k]. In bfloat16 the rows are taken in pairs: an
// even number of them.
struct MatrixGradient {
  Values gradient;
  Rows d_c, a;
  int64_t rows;
};
// table [..][width] += multiplier * dx[row], a row of the table for each id, rows in order.
struct EmbeddingGradient {
  Values table;
  Rows dx;
  const int32_t* places;  // host
  int64_t rows;
  float multiplier = 1;
};

// A stretch of the trained vector that is updated alike.
struct Stretch {
  int64_t offset, size;  // of gradient and moments; size at most kNormChunk
  float weight_decay;
  int64_t masters;  // offset of the weights
};

class Ops {
 public:
  virtual ~Ops() = default;

  // Rows that are worth taking through a chain of operators together, so that what passes between them stays close.
  virtual int64_t block_rows() const = 0;

  // x [rows] = the table's rows of ids (host), times its multiplier.
  virtual void embed(const Rows& x, const EmbeddingTable&, const int32_t* ids, int64_t rows) = 0;
  // to = from in the type of `to`. Nothing where the two are one place.
  virtual void convert(const Rows& to, const Rows& from, int64_t rows) = 0;
  // to = scale * from in the type of `to`, which is another place.
  virtual void scale(const Rows& to, const Rows& from, float scale, int64_t rows) = 0;
  // out = residual + scale * x; out may be either.
  virtual void add_scaled(const Rows& out, const Rows& residual, const Rows& x, float scale, int64_t rows) = 0;
  virtual void zero(const Rows&, int64_t rows) = 0;

  // y = norm(x); rstd [rows] is 1 / sqrt(mean(x^2) + eps).
  virtual void rmsnorm(const Rows& y, Values rstd, const Rows& x, const RmsNorm&, int64_t rows) = 0;
  // out = residual + norm(x); out may be residual.
  virtual void rmsnorm_add(const Rows& out, Values rstd, const Rows& residual, const Rows& x, const RmsNorm&,
                           int64_t rows) = 0;
  // dx (+)= the norm's gradient; dx and dy count from `over.row0`, x and rstd from row 0 of the buffers. The weight's
  // gradient is added at `partial` in each sequence's sums; -1: it is not made.
  virtual void rmsnorm_backward(const Rows& dx, bool accumulate, int64_t partial, const Rows& dy, const Rows& x,
                                const RmsNorm&, Values rstd, const RowsOfSequences& over) = 0;

  // c (+)= a W^T (+ bias, not where it accumulates).
  virtual void linear(const Rows& c, const Rows& a, const Matrix&, Values bias, bool accumulate, int64_t rows) = 0;
  // da (+)= dc W.
  virtual void linear_backward(const Rows& da, const Rows& dc, const Matrix&, bool accumulate, int64_t rows) = 0;

  // product = activation(gate) * up; gate_up [rows][2 ffn].
  virtual void glu(const Rows& product, const Rows& gate_up, Activation, int64_t rows) = 0;
  // d_gate_up starts where gate_up does and takes its place.
  virtual void glu_backward(const Rows& d_gate_up, const Rows& d_product, const Rows& gate_up, Activation,
                            int64_t rows) = 0;

  // Norms and rotates queries and keys, and adds keys and values to every sequence's own.
  virtual void qkv(const AttentionLayer&, const SequenceRows*, int64_t count) = 0;
  // Attention of the rows of every sequence over its prefix and its own keys, or the last of these.
  virtual void attention(const AttentionLayer&, const SequenceRows*, int64_t count) = 0;
  // From the gradient of attention's output to that of the q|k|v product.
  virtual void attention_backward(const AttentionLayer&, const AttentionGradient&, const SequenceRows*,
                                  const SequenceGradient*, int64_t count) = 0;

  // Of logits [rows], host results: log-probability of targets (host) and entropy.
  virtual void logps(const Rows& logits, float inv_temperature, const int32_t* targets, float* logps, float* entropies,
                     int64_t rows) = 0;
  // Loss of every row, and the gradient of its logits in their place (as d_logits, of the operands' type).
  virtual void token_losses(const Rows& d_logits, const Rows& logits, const TokenLosses&, int64_t rows) = 0;
  // Logits [rows], in place: see support.h.
  virtual void restrict_to(const Rows& logits, const Biases&, const Support*, int64_t rows) = 0;
  // One draw of each row of logits, its log-probability and entropy.
  virtual void sample(const Rows& logits, const DrawSettings&, Draw* draws, int64_t rows) = 0;

  // For batches of `rows` rows at most, `looks` of which are under way at a time (1, where DeviceTraits::decode_looks
  // is). pass(batch, n): the operators of a pass over n rows of the batch; a device may add such as rest. Those that
  // take ids, sequences, draws and what these keep are given the arrays of the batch: there they stand for the device's
  // own, which go on from pass to pass. Nothing that a pass reads moves as long as the decoder lives. kept_words: of
  // every batch.
  virtual std::unique_ptr<Decoder> decoder(int64_t rows, int64_t looks, int64_t kept_words,
                                           const std::vector<int32_t>& stop_ids, DecodePass pass) = 0;

  virtual void weight_gradients(const std::vector<MatrixGradient>&, const std::vector<EmbeddingGradient>&) = 0;
  // Each parameter's gradient += its sums in every block of `partials`, blocks in order.
  virtual void add_partials(Values gradient, Values partials, int64_t blocks, int64_t block_size,
                            const std::vector<PartialSum>&) = 0;
  // table[places[i]] += rows[i].
  virtual void add_rows(Values table, const std::vector<int32_t>& places, const Rows& rows) = 0;
  // sums[i] = sum of squares of stretch i, in float64 (host).
  virtual void sum_squares(Values, const std::vector<Stretch>&, double* sums) = 0;
  virtual void adamw(Values w, Values m, Values v, Values gradient, const std::vector<Stretch>&, const AdamWStep&) = 0;
};

}  // namespace glossa
