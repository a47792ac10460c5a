#include "addon/arguments.h"

#include <cmath>
#include <cstring>

#include "addon/failure.h"

namespace glossa::addon {
namespace {

template <class T>
struct ArrayKind;
template <>
struct ArrayKind<int32_t> {
  static constexpr napi_typedarray_type type = napi_int32_array;
  static constexpr const char* name = "an Int32Array";
};
template <>
struct ArrayKind<float> {
  static constexpr napi_typedarray_type type = napi_float32_array;
  static constexpr const char* name = "a Float32Array";
};
template <>
struct ArrayKind<uint8_t> {
  static constexpr napi_typedarray_type type = napi_uint8_array;
  static constexpr const char* name = "a Uint8Array";
};

struct RawArray {
  napi_typedarray_type type;
  size_t length;
  void* data;
};

// Where the elements lie until JavaScript runs again. Memory that others change meanwhile is refused: resizable and
// shared buffers.
RawArray raw_array(Napi::Value value, const std::string& field, const std::string& expected) {
  const Napi::Env env = value.Env();
  if (!value.IsTypedArray()) invalid_argument(env, field, expected, describe(value));
  RawArray raw{};
  napi_value buffer = nullptr;
  auto look = [&] {
    if (napi_get_typedarray_info(env, value, &raw.type, &raw.length, &raw.data, &buffer, nullptr) != napi_ok) {
      invalid_argument(env, field, expected, "a typed array that cannot be read");
    }
  };
  look();
  const Napi::Value holder(env, buffer);
  if (!holder.IsArrayBuffer()) {
    invalid_argument(env, field, expected + " over an ArrayBuffer", "one over shared memory; pass a copy (slice())");
  }
  if (holder.As<Napi::Object>().Get("resizable").ToBoolean().Value()) {
    invalid_argument(env, field, expected + " of fixed size", "one over a resizable buffer; pass a copy (slice())");
  }
  if (holder.As<Napi::ArrayBuffer>().IsDetached()) {
    invalid_argument(env, field, expected, "one whose buffer has been detached (transferred to another thread)");
  }
  look();  // "resizable" may be a getter of the caller's own
  return raw;
}

std::string range(double least, double most) {
  auto shown = [](double x) {
    std::string text = std::to_string(x);
    text.erase(text.find_last_not_of('0') + 1);
    if (!text.empty() && text.back() == '.') text.pop_back();
    return text;
  };
  if (std::isinf(most)) return "at least " + shown(least);
  return "between " + shown(least) + " and " + shown(most);
}

int64_t checked_integer(Napi::Value value, const std::string& field, int64_t least, int64_t most) {
  const std::string expected = "an integer between " + std::to_string(least) + " and " + std::to_string(most);
  if (!value.IsNumber()) invalid_argument(value.Env(), field, expected, describe(value));
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most)) || number != std::floor(number)) {
    invalid_argument(value.Env(), field, expected, describe(value));
  }
  return static_cast<int64_t>(number);
}

uint64_t checked_seed(Napi::Value value, const std::string& field) {
  const char* expected = "a bigint between 0n and 2n ** 64n - 1n";
  if (!value.IsBigInt()) invalid_argument(value.Env(), field, expected, describe(value));
  bool lossless = false;
  const uint64_t seed = value.As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) invalid_argument(value.Env(), field, expected, describe(value));
  return seed;
}

std::string checked_text(Napi::Value value, const std::string& field) {
  if (!value.IsString()) invalid_argument(value.Env(), field, "a string", describe(value));
  return value.As<Napi::String>().Utf8Value();
}

int checked_choice(Napi::Value value, const std::string& field, const std::vector<std::string>& choices) {
  if (value.IsString()) {
    const std::string text = value.As<Napi::String>().Utf8Value();
    for (size_t i = 0; i < choices.size(); ++i) {
      if (choices[i] == text) return static_cast<int>(i);
    }
  }
  std::string list;
  for (const std::string& choice : choices) list += (list.empty() ? "" : ", ") + choice;
  invalid_argument(value.Env(), field, "one of " + list, describe(value));
}

const std::vector<std::string> kDtypes = {"float32", "bfloat16"};

}  // namespace

const void* Inputs::copy(const void* data, size_t bytes) {
  copies_.emplace_back(new uint8_t[bytes]);
  if (bytes > 0) std::memcpy(copies_.back().get(), data, bytes);
  return copies_.back().get();
}

const void* Inputs::hold(const void* data, size_t bytes) {
  Owner owner = bytes > 0 ? lender(data, bytes) : nullptr;
  if (!owner) return copy(data, bytes);
  held_.push_back(std::move(owner));
  return data;
}

Fields::Fields(Napi::Value value, std::string where) : where_(std::move(where)) {
  if (!value.IsObject() || value.IsArray() || value.IsTypedArray()) {
    invalid_argument(value.Env(), where_, "an object", describe(value));
  }
  object_ = value.As<Napi::Object>();
}

bool Fields::has(const char* name) const {
  return !object_.Get(name).IsUndefined();
}

int64_t Fields::integer(const char* name, int64_t least, int64_t most) const {
  return checked_integer(object_.Get(name), path(name), least, most);
}

int64_t Fields::integer_or(const char* name, int64_t least, int64_t most, int64_t otherwise) const {
  return has(name) ? integer(name, least, most) : otherwise;
}

double Fields::number(const char* name, double least, double most) const {
  const Napi::Value value = object_.Get(name);
  const std::string expected = "a number " + range(least, most);
  if (!value.IsNumber()) invalid_argument(env(), path(name), expected, describe(value));
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!std::isfinite(number) || number < least || number > most) {
    invalid_argument(env(), path(name), expected, describe(value));
  }
  return number;
}

double Fields::number_or(const char* name, double least, double most, double otherwise) const {
  return has(name) ? number(name, least, most) : otherwise;
}

bool Fields::boolean_or(const char* name, bool otherwise) const {
  const Napi::Value value = object_.Get(name);
  if (value.IsUndefined()) return otherwise;
  if (!value.IsBoolean()) invalid_argument(env(), path(name), "true or false", describe(value));
  return value.As<Napi::Boolean>().Value();
}

std::string Fields::text(const char* name) const {
  return checked_text(object_.Get(name), path(name));
}

int Fields::choice(const char* name, const std::vector<std::string>& choices) const {
  return checked_choice(object_.Get(name), path(name), choices);
}

uint64_t Fields::seed(const char* name) const {
  return checked_seed(object_.Get(name), path(name));
}

std::vector<int32_t> Fields::integers(const char* name, int64_t least, int64_t most) const {
  const Napi::Value value = object_.Get(name);
  if (!value.IsArray()) invalid_argument(env(), path(name), "an array of integers", describe(value));
  const Napi::Array array = value.As<Napi::Array>();
  const uint32_t length = array.Length();  // once: a getter of an element may add others
  std::vector<int32_t> result;
  for (uint32_t i = 0; i < length; ++i) {
    result.push_back(
        static_cast<int32_t>(checked_integer(array.Get(i), path(name) + "[" + std::to_string(i) + "]", least, most)));
  }
  return result;
}

std::vector<std::string> Fields::texts(const char* name) const {
  const Napi::Value value = object_.Get(name);
  if (!value.IsArray()) invalid_argument(env(), path(name), "an array of texts", describe(value));
  const Napi::Array array = value.As<Napi::Array>();
  const uint32_t length = array.Length();
  std::vector<std::string> result;
  for (uint32_t i = 0; i < length; ++i)
    result.push_back(checked_text(array.Get(i), path(name) + "[" + std::to_string(i) + "]"));
  return result;
}

template <class T>
View<T> Fields::array(const char* name, int64_t length, Inputs* inputs, Keep keep) const {
  const Napi::Value value = object_.Get(name);
  std::string expected = ArrayKind<T>::name;
  if (length >= 0) expected += " of length " + std::to_string(length);
  const RawArray raw = raw_array(value, path(name), expected);
  if (raw.type != ArrayKind<T>::type || (length >= 0 && raw.length != static_cast<size_t>(length))) {
    invalid_argument(env(), path(name), expected, describe(value));
  }
  if (raw.length > INT32_MAX) invalid_argument(env(), path(name), "at most 2147483647 elements", describe(value));
  const size_t bytes = raw.length * sizeof(T);
  const void* data = keep == Keep::held ? inputs->hold(raw.data, bytes) : inputs->copy(raw.data, bytes);
  return {static_cast<const T*>(data), static_cast<int64_t>(raw.length)};
}

template <class T>
View<T> Fields::array_or_null(const char* name, int64_t length, Inputs* inputs, Keep keep) const {
  return has(name) ? array<T>(name, length, inputs, keep) : View<T>{};
}

template View<int32_t> Fields::array<int32_t>(const char*, int64_t, Inputs*, Keep) const;
template View<float> Fields::array<float>(const char*, int64_t, Inputs*, Keep) const;
template View<int32_t> Fields::array_or_null<int32_t>(const char*, int64_t, Inputs*, Keep) const;
template View<float> Fields::array_or_null<float>(const char*, int64_t, Inputs*, Keep) const;
template View<uint8_t> Fields::array_or_null<uint8_t>(const char*, int64_t, Inputs*, Keep) const;

Ragged Fields::ragged(const char* name, int64_t shortest, int64_t vocab, Inputs* inputs, Keep keep) const {
  const Fields part(object_.Get(name), path(name));
  const View<int32_t> ids = part.array<int32_t>("ids", -1, inputs, keep);
  const View<int32_t> offsets = part.array<int32_t>("offsets", -1, inputs);
  auto fail = [&](const char* field, const std::string& expected, const std::string& given) {
    invalid_argument(env(), part.path(field), expected, given);
  };
  if (offsets.length < 1) fail("offsets", "one more element than there are rows", "an Int32Array of length 0");
  if (offsets.data[0] != 0) fail("offsets", "0 first", std::to_string(offsets.data[0]));
  const int64_t rows = offsets.length - 1;
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t length = static_cast<int64_t>(offsets.data[i + 1]) - offsets.data[i];
    if (length < shortest) {
      fail("offsets", "rows of at least " + std::to_string(shortest) + " ids",
           std::to_string(length) + " in row " + std::to_string(i));
    }
  }
  if (offsets.data[rows] != ids.length) {
    fail("offsets", "to end at ids.length = " + std::to_string(ids.length), std::to_string(offsets.data[rows]));
  }
  for (int64_t i = 0; i < ids.length; ++i) {
    if (ids.data[i] < 0 || ids.data[i] >= vocab) {
      fail("ids", "token ids between 0 and " + std::to_string(vocab - 1),
           std::to_string(ids.data[i]) + " at index " + std::to_string(i));
    }
  }
  return {ids.data, offsets.data, rows};
}

std::string text_argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return checked_text(info[index], name);
}

std::string path_argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const std::string path = text_argument(info, index, name);
  if (path.find('\0') != std::string::npos)
    invalid_argument(info.Env(), name, "a path", "a text with a NUL character in it");
  return path;
}

uint64_t seed_argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  return checked_seed(info[index], name);
}

Dtype stored_type_argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  constexpr Dtype kTypes[] = {Dtype::f32, Dtype::bf16, Dtype::f16};
  return kTypes[checked_choice(info[index], name, {"float32", "bfloat16", "float16"})];
}

int64_t integer_argument(const Napi::CallbackInfo& info, size_t index, const char* name, int64_t least,
                         int64_t otherwise) {
  return info[index].IsUndefined() ? otherwise : checked_integer(info[index], name, least, int64_t{1} << 53);
}

namespace {

LoraSettings lora_settings(const Fields& fields) {
  LoraSettings lora;
  lora.rank = fields.integer("rank", 1, kMostRank);
  lora.alpha = fields.number("alpha", 0, 1e6);
  lora.rslora = fields.boolean_or("useRslora", false);
  lora.targets = fields.texts("targets");
  if (fields.has("seed")) lora.seed = fields.seed("seed");
  return lora;
}

}  // namespace

EngineOptions engine_options(Napi::Value value) {
  EngineOptions options;
  if (value.IsUndefined()) return options;
  const Fields fields(value, "options");
  if (fields.has("dtype")) options.dtype = fields.choice("dtype", kDtypes) == 0 ? Dtype::f32 : Dtype::bf16;
  options.threads = static_cast<int>(fields.integer_or("threads", 1, 1024, 0));
  if (fields.has("device")) options.device_name = fields.text("device");
  options.fast = fields.boolean_or("fast", false);
  if (fields.has("recompute")) {
    constexpr Recompute kAmounts[] = {Recompute::none, Recompute::cheap, Recompute::full};
    options.recompute = kAmounts[fields.choice("recompute", {"none", "cheap", "full"})];
  }
  if (fields.has("isa")) options.isa = fields.text("isa");
  options.frozen = fields.boolean_or("frozen", false);
  options.kv_cache_bytes = fields.integer_or("kvCacheBytes", 1, int64_t{1} << 52, 0);
  if (fields.has("trainable")) options.trainable = fields.texts("trainable");
  if (fields.has("lora")) options.lora = lora_settings(fields.object("lora"));
  if (fields.has("adapter")) options.adapter = fields.text("adapter");
  if (fields.has("base")) options.base = fields.text("base");
  if (fields.has("baseName")) options.base_name = fields.text("baseName");
  return options;
}

const void* address_of(Napi::Value value, const std::string& name) {
  return raw_array(value, name, "a typed array").data;
}

}  // namespace glossa::addon
