#include "addon/columns.h"

#include <cstring>

#include "addon/failure.h"

namespace glossa::addon {
namespace {

void take_back(napi_env, void* data, void* owner) {
  end_loan(data);
  delete static_cast<Owner*>(owner);
}

void set(Napi::Object& object, const char* name, double value) {
  object.Set(name, Napi::Number::New(object.Env(), value));
}

void set(Napi::Object& object, const char* name, const std::string& value) {
  object.Set(name, Napi::String::New(object.Env(), value));
}

}  // namespace

Napi::ArrayBuffer buffer_over(Napi::Env env, void* data, size_t bytes, Owner owner) {
  if (bytes == 0) return Napi::ArrayBuffer::New(env, 0);
  lend(data, bytes, owner);
  Owner* const reference = new Owner(std::move(owner));
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(env, data, bytes, take_back, reference, &buffer);
  if (status == napi_ok) return Napi::ArrayBuffer(env, buffer);
  take_back(env, data, reference);
  if (status != napi_no_external_buffers_allowed) throw Napi::Error::New(env);
  Napi::ArrayBuffer copy = Napi::ArrayBuffer::New(env, bytes);
  std::memcpy(copy.Data(), data, bytes);
  return copy;
}

Napi::Value rollout_columns(Napi::Env env, Rollout&& rollout) {
  const auto shared = std::make_shared<Rollout>(std::move(rollout));
  const Owner owner = shared;
  auto ragged = [&](std::vector<int32_t>& ids, std::vector<int32_t>& offsets) {
    Napi::Object rows = Napi::Object::New(env);
    rows.Set("ids", column(env, ids, owner));
    rows.Set("offsets", column(env, offsets, owner));
    return rows;
  };
  Napi::Object result = Napi::Object::New(env);
  set(result, "rows", static_cast<double>(shared->sample.size()));
  result.Set("promptIndex", column(env, shared->prompt_index, owner));
  result.Set("sample", column(env, shared->sample, owner));
  result.Set("prompts", ragged(shared->prompt_ids, shared->prompt_offsets));
  result.Set("completions", ragged(shared->completion_ids, shared->completion_offsets));
  result.Set("logps", column(env, shared->logps, owner));
  result.Set("entropies", column(env, shared->entropies, owner));
  if (!shared->kept_counts.empty()) {
    result.Set("keptCounts", column(env, shared->kept_counts, owner));
    result.Set("keptIds", column(env, shared->kept_ids, owner));
  }
  result.Set("finish", column(env, shared->finish, owner));
  result.Set("policyStep", column(env, shared->policy_step, owner));
  return result;
}

Napi::Value logprob_columns(Napi::Env env, Logprobs&& logprobs) {
  const auto shared = std::make_shared<Logprobs>(std::move(logprobs));
  Napi::Object result = Napi::Object::New(env);
  result.Set("logps", column(env, shared->logps, shared));
  result.Set("entropies", column(env, shared->entropies, shared));
  return result;
}

Napi::Value step_addresses(Napi::Env env, const TrainBatch& batch) {
  Napi::Object result = Napi::Object::New(env);
  auto set_address = [&](const char* name, const void* data) {
    result.Set(name, Napi::BigInt::New(env, static_cast<uint64_t>(reinterpret_cast<uintptr_t>(data))));
  };
  set_address("promptIds", batch.sequences.prompts.ids);
  set_address("completionIds", batch.sequences.completions.ids);
  set_address("advantages", batch.advantages);
  set_address("oldLogps", batch.old_logps);
  set_address("refLogps", batch.ref_logps);
  return result;
}

Napi::Value train_metrics(Napi::Env env, const TrainMetrics& metrics) {
  Napi::Object result = Napi::Object::New(env);
  set(result, "loss", metrics.loss);
  set(result, "policyLoss", metrics.policy_loss);
  set(result, "gradNorm", metrics.grad_norm);
  set(result, "learningRate", metrics.learning_rate);
  set(result, "entropy", metrics.entropy);
  set(result, "kl", metrics.kl);
  set(result, "clipLowMean", metrics.clip_low_mean);
  set(result, "clipHighMean", metrics.clip_high_mean);
  set(result, "clipRegionMean", metrics.clip_region_mean);
  set(result, "clipLowMin", metrics.clip_low_min);
  set(result, "clipHighMax", metrics.clip_high_max);
  set(result, "weightMean", metrics.weight_mean);
  set(result, "tokenAccuracy", metrics.token_accuracy);
  set(result, "logpMaxAbsDiff", metrics.logp_max_abs_diff);
  set(result, "lossTokens", static_cast<double>(metrics.loss_tokens));
  set(result, "tokens", static_cast<double>(metrics.tokens));
  set(result, "microBatches", static_cast<double>(metrics.micro_batches));
  set(result, "flops", metrics.flops);
  set(result, "forwardSeconds", metrics.forward_seconds);
  set(result, "backwardSeconds", metrics.backward_seconds);
  set(result, "optimizerSeconds", metrics.optimizer_seconds);
  return result;
}

Napi::Value written_files(Napi::Env env, WrittenFiles&& files) {
  Napi::Object result = Napi::Object::New(env);
  for (const WrittenFile& file : files) set(result, file.name.c_str(), file.sha256);
  return result;
}

Napi::Value engine_info(Napi::Env env, const EngineInfo& info) {
  Napi::Object result = Napi::Object::New(env);
  set(result, "device", info.device);
  set(result, "isa", info.isa);
  set(result, "dtype", info.dtype);
  set(result, "family", info.family);
  set(result, "threads", info.threads);
  set(result, "parameters", static_cast<double>(info.parameters));
  set(result, "matmulParameters", static_cast<double>(info.matmul_parameters));
  set(result, "trainableParameters", static_cast<double>(info.trainable_parameters));
  set(result, "vocab", static_cast<double>(info.vocab));
  set(result, "hidden", static_cast<double>(info.hidden));
  set(result, "layers", static_cast<double>(info.layers));
  set(result, "context", static_cast<double>(info.context));
  set(result, "optimizerStep", static_cast<double>(info.optimizer_step));
  result.Set("frozen", Napi::Boolean::New(env, info.frozen));
  Napi::Array warnings = Napi::Array::New(env, info.warnings.size());
  for (uint32_t i = 0; i < info.warnings.size(); ++i) warnings.Set(i, Napi::String::New(env, info.warnings[i]));
  result.Set("warnings", warnings);
  return result;
}

}  // namespace glossa::addon
