#include "addon/failure.h"

namespace glossa::addon {

Napi::Error error_of(Napi::Env env, const std::string& code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Value().Set("code", Napi::String::New(env, code));
  return error;
}

void invalid_argument(Napi::Env env, const std::string& field, const std::string& expected, const std::string& given) {
  throw error_of(env, "INVALID_ARGUMENT", field + ": expected " + expected + ", got " + given);
}

namespace {

std::string describe_typed_array(Napi::Value value) {
  static constexpr const char* kNames[] = {"an Int8Array",   "a Uint8Array",    "a Uint8ClampedArray", "an Int16Array",
                                           "a Uint16Array",  "an Int32Array",   "a Uint32Array",       "a Float32Array",
                                           "a Float64Array", "a BigInt64Array", "a BigUint64Array"};
  const Napi::TypedArray array = value.As<Napi::TypedArray>();
  const size_t type = static_cast<size_t>(array.TypedArrayType());
  const std::string name = type < sizeof(kNames) / sizeof(kNames[0]) ? kNames[type] : "a typed array";
  return name + " of length " + std::to_string(array.ElementLength());
}

}  // namespace

std::string describe(Napi::Value value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
    case napi_number:
      return value.ToString().Utf8Value();
    case napi_bigint:
      return "the bigint " + value.ToString().Utf8Value() + "n";
    case napi_string: {
      std::string text = value.As<Napi::String>().Utf8Value();
      constexpr size_t kShown = 40;
      if (text.size() > kShown) text = text.substr(0, kShown) + "...";
      return "the string \"" + text + "\"";
    }
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    case napi_external:
      return "a native handle";
    case napi_object:
      break;
  }
  if (value.IsTypedArray()) return describe_typed_array(value);
  if (value.IsArray()) return "an array of length " + std::to_string(value.As<Napi::Array>().Length());
  return "an object";
}

}  // namespace glossa::addon
