// The operators on a GPU: each file ops/<operator>/<operator>.cu holds the kernels of one and their launches, all on
// one stream. What an operator is given on the host is copied before it returns; what it gives back there, it waits
// for. Not so within the passes of a decoder, whose ids, sequences and draws lie on the device.
#pragma once
#include "device/cuda/decode_rows.h"
#include "device/cuda/kept_array.h"
#include "device/cuda/sequence_table.h"
#include "device/cuda/staging.h"
#include "ops/attention/warpgroup_attention.h"
#include "ops/linear/library_products.h"
#include "ops/ops.h"

namespace glossa {

class CudaOps final : public Ops {
 public:
  explicit CudaOps(Stream& stream) : stream_(stream), staging_(stream), logit_bias_(stream) {}

  // From here on products of bfloat16 are the library's too.
  void use(std::unique_ptr<MatmulLibrary>, const LibraryProducts::Settings&);

  // From here on attention of many rows of bfloat16 by Hopper's instructions, where it has the other kernels' bits.
  void use_warpgroups(std::function<void(const std::string&)> warn) {
    warpgroups_ = std::make_unique<WarpgroupAttention>(stream_, std::move(warn));
  }

  int64_t block_rows() const override { return INT64_MAX; }
  void embed(const Rows& x, const EmbeddingTable&, const int32_t* ids, int64_t rows) override;
  void convert(const Rows& to, const Rows& from, int64_t rows) override;
  void scale(const Rows& to, const Rows& from, float scale, int64_t rows) override;
  void add_scaled(const Rows& out, const Rows& residual, const Rows& x, float scale, int64_t rows) override;
  void zero(const Rows&, int64_t rows) override;
  void rmsnorm(const Rows& y, Values rstd, const Rows& x, const RmsNorm&, int64_t rows) override;
  void rmsnorm_add(const Rows& out, Values rstd, const Rows& residual, const Rows& x, const RmsNorm&,
                   int64_t rows) override;
  void rmsnorm_backward(const Rows& dx, bool accumulate, int64_t partial, const Rows& dy, const Rows& x, const RmsNorm&,
                        Values rstd, const RowsOfSequences&) override;
  void linear(const Rows& c, const Rows& a, const Matrix&, Values bias, bool accumulate, int64_t rows) override;
  void linear_backward(const Rows& da, const Rows& dc, const Matrix&, bool accumulate, int64_t rows) override;
  void glu(const Rows& product, const Rows& gate_up, Activation, int64_t rows) override;
  void glu_backward(const Rows& d_gate_up, const Rows& d_product, const Rows& gate_up, Activation,
                    int64_t rows) override;
  void qkv(const AttentionLayer&, const SequenceRows*, int64_t count) override;
  void attention(const AttentionLayer&, const SequenceRows*, int64_t count) override;
  void attention_backward(const AttentionLayer&, const AttentionGradient&, const SequenceRows*, const SequenceGradient*,
                          int64_t count) override;
  void logps(const Rows& logits, float inv_temperature, const int32_t* targets, float* logps, float* entropies,
             int64_t rows) override;
  void token_losses(const Rows& d_logits, const Rows& logits, const TokenLosses&, int64_t rows) override;
  void restrict_to(const Rows& logits, const Biases&, const Support*, int64_t rows) override;
  void sample(const Rows& logits, const DrawSettings&, Draw*, int64_t rows) override;
  std::unique_ptr<Decoder> decoder(int64_t rows, int64_t looks, int64_t kept_words,
                                   const std::vector<int32_t>& stop_ids, DecodePass pass) override;
  void weight_gradients(const std::vector<MatrixGradient>&, const std::vector<EmbeddingGradient>&) override;
  void add_partials(Values gradient, Values partials, int64_t blocks, int64_t block_size,
                    const std::vector<PartialSum>&) override;
  void add_rows(Values table, const std::vector<int32_t>& places, const Rows& rows) override;
  void sum_squares(Values, const std::vector<Stretch>&, double* sums) override;
  void adamw(Values w, Values m, Values v, Values gradient, const std::vector<Stretch>&, const AdamWStep&) override;

 private:
  void multiply(const char* name, Dtype, const MatmulShape&, const MatmulOperands&);
  // A part of weight_gradients.
  void embedding_gradient(const EmbeddingGradient&);
  // On the device: those of the pass that is being made, where they are its batch's.
  const int32_t* on_device(const int32_t* ids, int64_t rows);
  const GpuSequence* on_device(const SequenceRows*, int64_t count);

  Stream& stream_;
  Staging staging_;
  SequenceTable table_;
  KeptArray logit_bias_;
  const DecodeRows* pass_ = nullptr;  // whose pass is being made
  std::unique_ptr<LibraryProducts> library_;
  std::unique_ptr<WarpgroupAttention> warpgroups_;
};

}  // namespace glossa
