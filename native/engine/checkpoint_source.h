// The weights of a Hugging Face folder, checked against the model that its config.json describes.
#pragma once
#include <string>
#include <vector>

#include "io/weight_files.h"
#include "model/weight_source.h"

namespace glossa {

class CheckpointSource : public WeightSource {
 public:
  // CHECKPOINT_MISMATCH, naming file and tensor: a tensor is missing, there twice, of another shape or not of type F64,
  // F32, BF16 or F16; a head beside a tied embedding is not a copy of it, in whatever type. Those of WeightFiles::open.
  static Result<std::unique_ptr<CheckpointSource>> open(const Model&, const std::string& dir);
  // Widened to float32. CHECKPOINT_NONFINITE, naming file, tensor and element, where a weight is NaN or infinite. What
  // was read is given back to the system.
  Status read(int64_t offset, int64_t count, float* out) const override;
  // CHECKPOINT_MISMATCH, naming file and tensor, where a weight is not of type F32, so that reading it may not give the
  // master that it was.
  Status check_float32() const;
  // Tensors that are of no use to the model, named.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  CheckpointSource(const Model& model, std::string dir, WeightFiles files)
      : model_(model), dir_(std::move(dir)), files_(std::move(files)) {}
  Status match();
  Status check_tied_head(const WeightFiles::Entry& embedding, const WeightFiles::Entry& head) const;

  const Model& model_;
  const std::string dir_;
  WeightFiles files_;
  std::vector<const WeightFiles::Entry*> entries_;  // of each tensor
  std::vector<std::string> warnings_;
};

}  // namespace glossa
