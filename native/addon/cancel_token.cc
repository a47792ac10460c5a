#include "addon/cancel_token.h"

namespace glossa::addon {
namespace {

// Marks the objects that may be unwrapped as a CancelToken.
constexpr napi_type_tag kTag = {0x676c6f7373612d63ull, 0x616e63656c746f6bull};

}  // namespace

Napi::Function CancelToken::define(Napi::Env env) {
  return DefineClass(env, "CancelToken", {InstanceMethod<&CancelToken::cancel>("cancel")});
}

CancelToken::CancelToken(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CancelToken>(info) {
  info.This().As<Napi::Object>().TypeTag(&kTag);
}

JobOptions job_options(Napi::Value value, const std::shared_ptr<MainLoop>& loop) {
  JobOptions options;
  if (value.IsUndefined()) return options;
  const Napi::Env env = value.Env();
  if (!value.IsObject()) invalid_argument(env, "job", "an object", describe(value));
  const Napi::Value cancel = value.As<Napi::Object>().Get("cancel");
  if (!cancel.IsUndefined()) {
    if (!cancel.IsObject() || !cancel.As<Napi::Object>().CheckTypeTag(&kTag)) {
      invalid_argument(env, "job.cancel", "a CancelToken", describe(cancel));
    }
    options.cancelled = CancelToken::Unwrap(cancel.As<Napi::Object>())->flag();
  }
  const Napi::Value progress = value.As<Napi::Object>().Get("onProgress");
  if (!progress.IsUndefined()) {
    if (!progress.IsFunction()) invalid_argument(env, "job.onProgress", "a function", describe(progress));
    options.progress = std::make_shared<Progress>(loop, Napi::Persistent(progress.As<Napi::Function>()));
  }
  const Napi::Value completed = value.As<Napi::Object>().Get("onCompleted");
  if (!completed.IsUndefined()) {
    if (!completed.IsFunction()) invalid_argument(env, "job.onCompleted", "a function", describe(completed));
    options.completed = std::make_shared<CompletedRows>(loop, Napi::Persistent(completed.As<Napi::Function>()));
  }
  return options;
}

}  // namespace glossa::addon
