#include "device/cpu/cpu_ops.h"

#include <utility>

#include "device/memory.h"
#include "ops/attention/attention_scratch.h"
#include "ops/linear/blocking.h"

namespace glossa {
namespace {

// The host looks after every pass.
class PassByPass final : public Decoder {
 public:
  explicit PassByPass(DecodePass pass) : pass_(std::move(pass)) {}
  void start(DecodeBatch& batch) override {
    batch.kept.resize(static_cast<size_t>(batch.rows() * batch.kept_words));
    pass_(batch, batch.rows());
  }
  void finish(DecodeBatch&) override {}

 private:
  const DecodePass pass_;
};

}  // namespace

std::unique_ptr<Decoder> CpuOps::decoder(int64_t, int64_t, int64_t, const std::vector<int32_t>&, DecodePass pass) {
  return std::make_unique<PassByPass>(std::move(pass));
}

int64_t CpuOps::block_rows() const {
  return crew_.together() ? INT64_MAX : kRowsOfBlock;
}

int64_t CpuOps::scratch_bytes(const Workload& w) {
  int64_t bytes = w.vocab * 4;
  if (w.keys > 0)
    bytes = std::max(bytes, w.backward ? attention_backward_scratch_bytes(w.shape, w.keys)
                                       : attention_scratch_bytes(w.shape, w.keys));
  if (w.widest > 0) bytes = std::max(bytes, outer_scratch_bytes(w.type, kMostRowsOfOuterTask, w.widest));
  return aligned(bytes);
}

}  // namespace glossa
