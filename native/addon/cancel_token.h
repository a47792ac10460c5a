// What an AbortSignal is wired to: one flag that a job looks at between steps of work.
#pragma once
#include "addon/promise_job.h"

namespace glossa::addon {

class CancelToken : public Napi::ObjectWrap<CancelToken> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit CancelToken(const Napi::CallbackInfo& info);
  const CancelFlag& flag() const { return flag_; }

 private:
  void cancel(const Napi::CallbackInfo&) { flag_->store(true); }

  const CancelFlag flag_ = std::make_shared<std::atomic<bool>>(false);
};

// {cancel?: CancelToken, onProgress?: (event) => void}, or undefined.
JobOptions job_options(Napi::Value value, const std::shared_ptr<MainLoop>& loop);

}  // namespace glossa::addon
