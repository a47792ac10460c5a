#include "addon/requests.h"

#include <cmath>
#include <limits>

#include "addon/failure.h"

namespace glossa::addon {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();

int64_t ids_of(const Ragged& rows) {
  return rows.offsets[rows.rows];
}

// Tables of one bias for each token, end to end.
Biases biases(const Fields& fields, const EngineInfo& info, Inputs* inputs) {
  const View<float> tables = fields.array_or_null<float>("logitBias", -1, inputs);
  if (tables.data == nullptr) return {};
  if (tables.length == 0 || tables.length % info.vocab != 0) {
    invalid_argument(fields.env(), fields.path("logitBias"),
                     "tables of " + std::to_string(info.vocab) + " numbers each, the model's vocabulary",
                     std::to_string(tables.length) + " numbers");
  }
  return {tables.data, static_cast<int32_t>(tables.length / info.vocab)};
}

// What the completions were drawn from. Counts say where ids are read, and are copied.
SamplerLaw sampler_law(const Fields& fields, const EngineInfo& info, const SequenceBatch& batch, Inputs* inputs) {
  SamplerLaw law;
  law.biases = biases(fields, info, inputs);
  law.bias_of = fields.array_or_null<int32_t>("biasOf", batch.prompts.rows, inputs).data;
  law.kept_counts = fields.array_or_null<int32_t>("keptCounts", ids_of(batch.completions), inputs).data;
  const View<int32_t> kept = fields.array_or_null<int32_t>("keptIds", -1, inputs, Keep::held);
  if ((law.kept_counts == nullptr) != (kept.data == nullptr))
    invalid_argument(fields.env(), fields.path("keptIds"), "an Int32Array beside keptCounts, or neither",
                     "one of the two");
  law.kept_ids = kept.data;
  law.kept = kept.length;
  return law;
}

SequenceBatch sequences(const Fields& fields, const EngineInfo& info, Inputs* inputs) {
  SequenceBatch batch;
  batch.prompts = fields.ragged("prompts", 1, info.vocab, inputs, Keep::held);
  batch.completions = fields.ragged("completions", 0, info.vocab, inputs, Keep::held);
  if (batch.prompts.rows != batch.completions.rows) {
    invalid_argument(fields.env(), fields.path("completions"),
                     std::to_string(batch.prompts.rows) + " rows, as in prompts",
                     std::to_string(batch.completions.rows));
  }
  if (batch.prompts.rows == 0) invalid_argument(fields.env(), fields.path("prompts"), "at least one row", "none");
  for (int64_t i = 0; i < batch.prompts.rows; ++i) {
    const int64_t length = batch.prompts.length(i) + batch.completions.length(i);
    if (length > info.context) {
      invalid_argument(fields.env(), fields.path("completions"),
                       "prompt and completion of at most " + std::to_string(info.context) + " ids together",
                       std::to_string(length) + " in row " + std::to_string(i));
    }
  }
  return batch;
}

void optimizer(const Fields& fields, TrainSettings* settings) {
  settings->learning_rate = static_cast<float>(fields.number("learningRate", 0, 1e6));
  settings->adam_beta1 = static_cast<float>(fields.number_or("adamBeta1", 0, 0.9999999, settings->adam_beta1));
  settings->adam_beta2 = static_cast<float>(fields.number_or("adamBeta2", 0, 0.9999999, settings->adam_beta2));
  settings->adam_epsilon = static_cast<float>(fields.number_or("adamEpsilon", 0, 1, settings->adam_epsilon));
  settings->weight_decay = static_cast<float>(fields.number_or("weightDecay", 0, 1e6, settings->weight_decay));
  if (fields.has("weightDecayOn")) {
    const Fields kinds = fields.object("weightDecayOn");
    Decayed& on = settings->decayed;
    on.matrices = kinds.boolean_or("matrices", on.matrices);
    on.embeddings = kinds.boolean_or("embeddings", on.embeddings);
    on.norms = kinds.boolean_or("norms", on.norms);
    on.biases = kinds.boolean_or("biases", on.biases);
  }
  settings->max_grad_norm = static_cast<float>(fields.number_or("maxGradNorm", 0, kInfinity, settings->max_grad_norm));
  settings->micro_batch_tokens = fields.integer_or("microBatchTokens", 0, kMaxInt, 0);
}

// Bounds that keep the value finite as a float32.
constexpr double kLargest = 1e30;

// Under TRL's names; what is left out has its default, and epsilon_high is epsilon then.
LossSettings loss_settings(const Fields& fields) {
  std::vector<std::string> names;
  for (const Loss& loss : losses())
    if (loss.ratio != RatioOf::none) names.push_back(loss.name);
  LossSettings s;
  s.type = find_loss(names[static_cast<size_t>(fields.choice("loss_type", names))]);
  for (const LossNumber& n : loss_numbers()) {
    const bool follows = n.setting == &LossSettings::epsilon_high;
    const float otherwise = follows ? s.epsilon : s.*n.setting;
    s.*n.setting =
        fields.has(n.name)
            ? static_cast<float>(fields.number(n.name, static_cast<double>(n.least), static_cast<double>(n.most)))
            : otherwise;
  }
  auto chosen = [&](const char* name, const auto& choices) {
    return fields.has(name) ? fields.choice(name, {std::begin(choices), std::end(choices)}) : -1;
  };
  if (const int i = chosen("importance_sampling_level", kImportanceLevels); i >= 0)
    s.importance_sampling_level = static_cast<ImportanceLevel>(i);
  if (const int i = chosen("kl_estimator", kKlEstimators); i >= 0) s.kl_estimator = static_cast<KlEstimator>(i);
  s.use_bias_correction_kl = fields.boolean_or("use_bias_correction_kl", s.use_bias_correction_kl);
  return s;
}

}  // namespace

GenerateRequest generate_request(Napi::Value value, const EngineInfo& info, Inputs* inputs) {
  const Fields fields(value, "generate");
  GenerateRequest request;
  request.prompts = fields.ragged("prompts", 1, info.vocab, inputs, Keep::copied);
  const int64_t rows = request.prompts.rows;
  if (rows == 0) invalid_argument(fields.env(), fields.path("prompts"), "at least one row", "none");
  request.num_generations = fields.integer("numGenerations", 1, kMaxInt / rows);
  request.max_new_tokens = static_cast<int32_t>(fields.integer("maxNewTokens", 1, info.context));
  request.budgets = fields.array_or_null<int32_t>("budgets", rows, inputs).data;
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t budget = request.budgets == nullptr ? request.max_new_tokens : request.budgets[i];
    if (budget < 1 || budget > request.max_new_tokens) {
      invalid_argument(fields.env(), fields.path("budgets"),
                       "values between 1 and maxNewTokens = " + std::to_string(request.max_new_tokens),
                       std::to_string(budget) + " for prompt " + std::to_string(i));
    }
    if (request.prompts.length(i) + budget > info.context) {
      invalid_argument(fields.env(), fields.path(request.budgets == nullptr ? "maxNewTokens" : "budgets"),
                       "prompt and completion within the model's context of " + std::to_string(info.context),
                       std::to_string(request.prompts.length(i)) + " + " + std::to_string(budget) + " for prompt " +
                           std::to_string(i));
    }
  }
  request.stop_ids = fields.integers("stopIds", 0, info.vocab - 1);
  const Biases tables = biases(fields, info, inputs);
  request.logit_bias = tables.tables;
  request.biases = tables.count;
  request.bias_of = fields.array_or_null<int32_t>("biasOf", rows, inputs).data;
  request.of_law = fields.boolean_or("ofLaw", false);
  request.sampling.temperature = static_cast<float>(fields.number_or("temperature", 0, kLargest, 1));
  request.sampling.top_k = static_cast<int32_t>(fields.integer_or("topK", 0, kMaxInt, 0));
  request.sampling.top_p = static_cast<float>(fields.number_or("topP", 0, 1, 1));
  request.sampling.min_p = static_cast<float>(fields.number_or("minP", 0, 1, 0));
  request.sampling.seed = fields.seed("seed");
  request.purpose = static_cast<uint32_t>(fields.choice("purpose", {"rollout", "eval", "sample"}));
  request.keep_prompts = request.purpose != 0;  // after a rollout the weights move
  request.step = static_cast<uint32_t>(fields.integer("step", 0, (1 << 24) - 1));
  request.prompt_keys = fields.array_or_null<int32_t>("promptKeys", rows, inputs).data;
  request.slots = static_cast<int32_t>(fields.integer_or("slots", 0, kMaxInt, 0));
  request.admission = fields.array_or_null<int32_t>("admission", rows, inputs).data;
  if (request.admission != nullptr) {
    std::vector<bool> seen(static_cast<size_t>(rows), false);
    for (int64_t i = 0; i < rows; ++i) {
      const int32_t prompt = request.admission[i];
      if (prompt < 0 || prompt >= rows || seen[static_cast<size_t>(prompt)]) {
        invalid_argument(fields.env(), fields.path("admission"), "a permutation of the prompts",
                         std::to_string(prompt) + " at index " + std::to_string(i));
      }
      seen[static_cast<size_t>(prompt)] = true;
    }
  }
  return request;
}

LogprobRequest logprob_request(Napi::Value value, const EngineInfo& info, Inputs* inputs) {
  const Fields fields(value, "logprobs");
  LogprobRequest request;
  request.batch = sequences(fields, info, inputs);
  request.batch.law = sampler_law(fields, info, request.batch, inputs);
  request.settings.temperature = static_cast<float>(fields.number_or("temperature", 1e-6, kLargest, 1));
  request.settings.micro_batch_tokens = fields.integer_or("microBatchTokens", 0, kMaxInt, 0);
  request.settings.reference = fields.boolean_or("reference", false);
  return request;
}

Napi::Value loss_table(Napi::Env env) {
  Napi::Array rows = Napi::Array::New(env);
  for (const Loss& loss : losses()) {
    if (loss.ratio == RatioOf::none) continue;
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", loss.name);
    Napi::Array reads = Napi::Array::New(env);
    for (const char* setting : loss.reads) reads.Set(reads.Length(), setting);
    row.Set("reads", reads);
    row.Set("needs", loss.needs ? Napi::String::New(env, loss.needs) : env.Null());
    row.Set("metric", loss.metric);
    rows.Set(rows.Length(), row);
  }
  return rows;
}

namespace {

PlannedGeneration planned_generation(Napi::Value value, const std::string& where) {
  const Fields fields(value, where);
  constexpr int64_t kMost = 1 << 20;
  return {fields.integer("prompts", 1, kMost),      fields.integer("samples", 1, kMost),
          fields.integer("promptTokens", 1, kMost), fields.integer("newTokens", 1, kMost),
          fields.integer_or("slots", 0, kMost, 0),  fields.integer_or("kept", 0, kMaxInt, 0)};
}

}  // namespace

PlannedRun planned_run(Napi::Value value, const std::string& where) {
  const Napi::Env env = value.Env();
  const Fields fields(value, where);
  PlannedRun run;
  const Napi::Object object = value.As<Napi::Object>();
  const Napi::Value generations = object.Get("generations");
  if (!generations.IsArray()) invalid_argument(env, fields.path("generations"), "an array", "none");
  const uint32_t count = generations.As<Napi::Array>().Length();  // once: a getter of an element may add others
  for (uint32_t i = 0; i < count; ++i)
    run.generations.push_back(planned_generation(generations.As<Napi::Array>().Get(i), fields.path("generations")));
  if (fields.has("step")) run.step = planned_generation(object.Get("step"), fields.path("step"));
  run.micro_batch_tokens = fields.integer_or("microBatchTokens", 0, int64_t{1} << 31, 0);
  run.reference = fields.boolean_or("reference", false);
  run.gpu_memory = fields.integer_or("gpuMemory", 0, int64_t{1} << 52, 0);
  return run;
}

TrainRequest grpo_request(Napi::Value value, const EngineInfo& info, Inputs* inputs) {
  const Fields fields(value, "grpoStep");
  TrainRequest request;
  TrainBatch& batch = request.batch;
  TrainSettings& settings = request.settings;
  batch.sequences = sequences(fields, info, inputs);
  batch.sequences.law = sampler_law(fields, info, batch.sequences, inputs);
  const int64_t rows = batch.sequences.prompts.rows;
  const int64_t tokens = ids_of(batch.sequences.completions);
  batch.advantages = fields.array<float>("advantages", rows, inputs).data;
  batch.old_logps = fields.array<float>("oldLogps", tokens, inputs, Keep::held).data;
  batch.ref_logps = fields.array_or_null<float>("refLogps", tokens, inputs, Keep::held).data;
  batch.loss_mask = fields.array_or_null<uint8_t>("lossMask", rows, inputs).data;
  for (int64_t i = 0; i < rows; ++i) {
    if (!std::isfinite(batch.advantages[i])) {
      invalid_argument(fields.env(), fields.path("advantages"), "finite numbers",
                       std::to_string(batch.advantages[i]) + " in row " + std::to_string(i));
    }
  }
  settings.loss = loss_settings(fields.object("loss"));
  if (settings.loss.beta != 0 && batch.ref_logps == nullptr) {
    invalid_argument(fields.env(), fields.path("refLogps"), "a Float32Array, because beta is not 0", "undefined");
  }
  settings.temperature = static_cast<float>(fields.number("temperature", 1e-6, kLargest));
  settings.max_completion_length = fields.integer("maxCompletionLength", 1, kMaxInt);
  optimizer(fields, &settings);
  return request;
}

TrainRequest supervised_request(Napi::Value value, const EngineInfo& info, Inputs* inputs) {
  const Fields fields(value, "supervisedStep");
  TrainRequest request;
  request.batch.sequences = sequences(fields, info, inputs);
  request.settings.loss.type = find_loss("supervised");
  request.settings.loss_on_prompt = fields.boolean_or("lossOnPrompt", false);
  request.batch.completion_mask =
      fields.array_or_null<uint8_t>("completionMask", ids_of(request.batch.sequences.completions), inputs).data;
  optimizer(fields, &request.settings);
  return request;
}

}  // namespace glossa::addon
