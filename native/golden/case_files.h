// Reading a golden case: tensors by name, numbers by key; whatever is missing is an error that names the file.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "golden/golden.h"
#include "io/json.h"
#include "io/safetensors.h"

namespace glossa::golden {

class CaseTensors {
 public:
  static Result<CaseTensors> open(const std::string& path);
  bool has(const std::string& name) const { return file_->find(name) != nullptr; }
  // Empty, with status() set, where the tensor is missing, of another type or, where a size is given, of another.
  std::vector<float> floats(const std::string& name, int64_t elements = -1);
  std::vector<int32_t> ints(const std::string& name);
  std::vector<int64_t> shape(const std::string& name) const;
  const Status& status() const { return status_; }  // the first failure

 private:
  std::string path_;
  std::shared_ptr<SafetensorsFile> file_;
  Status status_;
  const StoredTensor* need(const std::string& name);
};

Result<Json> read_json(const std::string& path);
double number(const Json& object, const char* key, double otherwise);
std::string text(const Json& object, const char* key, const std::string& otherwise);

// max |a - b|; infinity where a value is not finite or the sizes differ.
double worst_difference(const std::vector<float>& a, const std::vector<float>& b);
// norm(a - b) / norm(b) over n elements.
double relative_difference(const float* a, const float* b, size_t n);

// Sets the state from the measures: pass where every error is within its bound.
void judge(GoldenCase*);
GoldenCase failed_case(const std::string& name, const std::string& kind, const Status&);

GoldenCase run_model_case(const std::string& dir, const std::string& name, const EngineOptions&);
GoldenCase run_loss_case(const std::string& dir, const std::string& name, const EngineOptions&);
GoldenCase run_train_case(const std::string& dir, const std::string& name, const EngineOptions&);

}  // namespace glossa::golden
