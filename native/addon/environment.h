// What the addon keeps for each environment that loaded it: the main thread and every worker has its own.
#pragma once
#include <memory>

#include "addon/main_loop.h"

namespace glossa::addon {

struct Session;

struct Environment {
  std::shared_ptr<MainLoop> loop;
  Napi::FunctionReference engine_class;
  std::shared_ptr<Session> session_to_wrap;  // what the next NativeEngine constructed takes over

  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }
};

}  // namespace glossa::addon
