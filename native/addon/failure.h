// Errors as they cross into JavaScript: an Error with a stable `code`, made into a GlossaError by src/engine.
#pragma once
#include <string>

#include "addon/napi_setup.h"
#include "base/status.h"

namespace glossa::addon {

Napi::Error error_of(Napi::Env env, const std::string& code, const std::string& message);
inline Napi::Error error_of(Napi::Env env, const Status& status) {
  return error_of(env, status.code(), status.message());
}

// Wrong calls throw at once, before any work is queued: code INVALID_ARGUMENT.
[[noreturn]] void invalid_argument(Napi::Env env, const std::string& field, const std::string& expected,
                                   const std::string& given);

// What was given, for messages: `the string "abc"`, `3.5`, `an Int32Array of length 4`, `undefined`.
std::string describe(Napi::Value value);

}  // namespace glossa::addon
