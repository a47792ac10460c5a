// Native results as typed arrays over the memory they were computed in.
#pragma once
#include <memory>
#include <vector>

#include "addon/lent_memory.h"
#include "addon/napi_setup.h"
#include "addon/requests.h"
#include "engine/engine.h"

namespace glossa::addon {

// A view of `bytes` bytes inside something that `owner` keeps alive, lent to JavaScript: an external ArrayBuffer whose
// finaliser drops one reference, or a copy where the runtime refuses external buffers (Electron). V8 counts the bytes
// itself.
Napi::ArrayBuffer buffer_over(Napi::Env env, void* data, size_t bytes, Owner owner);

template <class T>
Napi::TypedArrayOf<T> column(Napi::Env env, std::vector<T>& values, const Owner& owner) {
  const Napi::ArrayBuffer buffer = buffer_over(env, values.data(), values.size() * sizeof(T), owner);
  return Napi::TypedArrayOf<T>::New(env, values.size(), buffer, 0);
}

Napi::Value rollout_columns(Napi::Env env, Rollout&& rollout);
Napi::Value logprob_columns(Napi::Env env, Logprobs&& logprobs);
// Where the step will read each array of its request.
Napi::Value step_addresses(Napi::Env env, const TrainBatch& batch);
Napi::Value train_metrics(Napi::Env env, const TrainMetrics& metrics);
// {name: SHA-256 in hexadecimal digits}
Napi::Value written_files(Napi::Env env, WrittenFiles&& files);
Napi::Value engine_info(Napi::Env env, const EngineInfo& info);

}  // namespace glossa::addon
