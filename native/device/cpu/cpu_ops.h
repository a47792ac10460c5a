// The operators on a CPU: each file ops/<operator>/<operator>_split.cc says how a crew shares one, the kernels beside
// it compute a share.
#pragma once
#include "device/cpu/crew.h"
#include "device/device.h"
#include "ops/kernels.h"

namespace glossa {

class CpuOps final : public Ops {
 public:
  CpuOps(const Kernels& kernels, const Crew& crew) : kernels_(kernels), crew_(crew) {}
  // Bytes of a thread's scratch.
  static int64_t scratch_bytes(const Workload&);

  int64_t block_rows() const override;
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
  const Kernels& kernels_;
  const Crew crew_;
};

}  // namespace glossa
