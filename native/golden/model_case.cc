// model-<family>: logits, log-probabilities, loss, gradients and greedy completions of a tiny checkpoint.
#include <algorithm>
#include <cmath>

#include "golden/case_files.h"
#include "model/model.h"

namespace glossa::golden {
namespace {

struct Bounds {
  double logits, logps, loss, gradient;
};
// float32: the bounds of the cases' own README. bfloat16: twice the least error of PyTorch's own bfloat16 over four
// families of two sizes (docs/golden.md); of the loss, whose errors cancel, twice the greatest.
Bounds bounds_for(Dtype t) {
  if (t == Dtype::f32) return {2e-5, 2e-5, 1e-5, 1e-4};
  return {0.28, 0.123, 3e-3, 0.052};
}

struct IdLists {
  std::vector<int32_t> ids, offsets{0};
  void add(const int32_t* from, int64_t n) {
    ids.insert(ids.end(), from, from + n);
    offsets.push_back(static_cast<int32_t>(ids.size()));
  }
  Ragged view() const { return {ids.data(), offsets.data(), static_cast<int64_t>(offsets.size()) - 1}; }
};

// Each row cut into a prompt of at most `prompt` ids (one at least left over) and the rest.
struct Split {
  IdLists prompts, completions;
  std::vector<int64_t> cut;
};
Split split(const std::vector<int32_t>& ids, const std::vector<int32_t>& lengths, int64_t stride, int64_t prompt) {
  Split s;
  for (size_t i = 0; i < lengths.size(); ++i) {
    const int32_t* row = ids.data() + static_cast<int64_t>(i) * stride;
    s.cut.push_back(std::min<int64_t>(prompt, lengths[i] - 1));
    s.prompts.add(row, s.cut.back());
    s.completions.add(row + s.cut.back(), lengths[i] - s.cut.back());
  }
  return s;
}

class ModelCase {
 public:
  ModelCase(Engine& engine, CaseTensors& tensors, Dtype dtype)
      : engine_(engine),
        t_(tensors),
        bounds_(bounds_for(dtype)),
        exact_(dtype == Dtype::f32),
        ids_(t_.ints("input_ids")),
        lengths_(t_.ints("lengths")),
        logits_(t_.floats("logits")),
        logps_(t_.floats("token_logps")),
        loss_(t_.floats("loss")) {}

  Status check(GoldenCase* out) {
    if (!t_.status().ok()) return t_.status();
    const std::vector<int64_t> shape = t_.shape("input_ids");
    const bool fits = shape.size() == 2 && static_cast<int64_t>(lengths_.size()) == shape[0] &&
                      static_cast<int64_t>(logits_.size()) == shape[0] * shape[1] * engine_.info().vocab &&
                      static_cast<int64_t>(logps_.size()) == shape[0] * (shape[1] - 1) && loss_.size() == 1;
    if (!fits) return Status("GOLDEN_INVALID", "the tensors of reference.safetensors do not fit together");
    stride_ = shape[1];
    for (int32_t n : lengths_)
      if (n < 2 || n > stride_) return Status("GOLDEN_INVALID", "a length is out of range");
    if (Status s = check_logits(out); !s.ok()) return s;
    if (Status s = check_logps(out); !s.ok()) return s;
    if (Status s = check_gradients(out); !s.ok()) return s;
    return check_greedy(out);
  }

 private:
  Status check_logits(GoldenCase* out) {
    double worst = 0;
    for (size_t i = 0; i < lengths_.size(); ++i) {
      const int64_t row = static_cast<int64_t>(i) * stride_, vocab = engine_.info().vocab;
      Result<std::vector<float>> got = engine_.logits(ids_.data() + row, lengths_[i]);
      if (!got.ok()) return got.status();
      auto from = logits_.begin() + row * vocab;
      worst = std::max(worst, worst_difference(got.value(), {from, from + lengths_[i] * vocab}));
    }
    out->measures.push_back({"logits", worst, bounds_.logits});
    return {};
  }

  // With prompts of 1, 2 and 8 ids: without a prefix, with one, and with one that is longer than a completion.
  Status check_logps(GoldenCase* out) {
    double worst = 0;
    for (int64_t prompt : {1, 2, 8}) {
      const Split s = split(ids_, lengths_, stride_, prompt);
      Result<Logprobs> got = engine_.logprobs({s.prompts.view(), s.completions.view()}, {}, {});
      if (!got.ok()) return got.status();
      std::vector<float> want;
      for (size_t i = 0; i < lengths_.size(); ++i) {
        auto row = logps_.begin() + static_cast<int64_t>(i) * (stride_ - 1);
        want.insert(want.end(), row + s.cut[i] - 1, row + lengths_[i] - 1);
      }
      worst = std::max(worst, worst_difference(got.value().logps, want));
    }
    out->measures.push_back({"token_logps", worst, bounds_.logps});
    return {};
  }

  Status check_gradients(GoldenCase* out) {
    const Split s = split(ids_, lengths_, stride_, 1);
    TrainBatch batch;
    batch.sequences = {s.prompts.view(), s.completions.view()};
    TrainSettings settings;
    settings.loss.type = find_loss("supervised");
    std::vector<float> gradient;
    Result<TrainMetrics> metrics = engine_.gradients(batch, settings, &gradient);
    if (!metrics.ok()) return metrics.status();
    const double want = static_cast<double>(loss_[0]);
    out->measures.push_back({"loss", std::fabs(metrics.value().loss - want) / std::fabs(want), bounds_.loss});
    double worst = 0;
    for (const TensorSpec& spec : tensor_specs(engine_.config())) {
      const std::vector<float> expected = t_.floats("grad." + spec.name, element_count(spec));
      if (!t_.status().ok()) return t_.status();
      worst = std::max(worst, relative_difference(gradient.data() + spec.offset, expected.data(), expected.size()));
    }
    out->measures.push_back({"grad", worst, bounds_.gradient});
    return {};
  }

  Status check_greedy(GoldenCase* out) {
    double wrong = 0, worst = 0;
    for (int i = 0; t_.has("greedy." + std::to_string(i) + ".prompt"); ++i) {
      const std::string name = "greedy." + std::to_string(i) + ".";
      IdLists prompt;
      const std::vector<int32_t> ids = t_.ints(name + "prompt"), want = t_.ints(name + "completion");
      const std::vector<float> logps = t_.floats(name + "logps");
      if (!t_.status().ok()) return t_.status();
      prompt.add(ids.data(), static_cast<int64_t>(ids.size()));
      GenerateRequest request;
      request.prompts = prompt.view();
      request.max_new_tokens = static_cast<int32_t>(want.size());
      request.sampling = {0, 0, 1, 0, 0};
      Result<Rollout> got = engine_.generate(request, {});
      if (!got.ok()) return got.status();
      for (size_t j = 0; j < want.size(); ++j) wrong += got.value().completion_ids[j] != want[j];
      worst = std::max(worst, worst_difference(got.value().logps, logps));
    }
    if (!exact_) return {};  // a rounding may turn a close choice
    out->measures.push_back({"greedy_tokens_wrong", wrong, 0});
    out->measures.push_back({"greedy_logps", worst, bounds_.logps});
    return {};
  }

  Engine& engine_;
  CaseTensors& t_;
  const Bounds bounds_;
  const bool exact_;
  const std::vector<int32_t> ids_, lengths_;
  const std::vector<float> logits_, logps_, loss_;
  int64_t stride_ = 0;
};

}  // namespace

GoldenCase run_model_case(const std::string& dir, const std::string& name, const EngineOptions& options) {
  GoldenCase out{name, "model", "", "", {}};
  Result<std::unique_ptr<Engine>> engine = Engine::load(dir, options);
  if (!engine.ok()) return failed_case(name, "model", engine.status());
  Result<CaseTensors> tensors = CaseTensors::open(dir + "/reference.safetensors");
  if (!tensors.ok()) return failed_case(name, "model", tensors.status());
  if (Status s = ModelCase(*engine.value(), tensors.value(), options.dtype).check(&out); !s.ok())
    return failed_case(name, "model", s);
  judge(&out);
  return out;
}

}  // namespace glossa::golden
