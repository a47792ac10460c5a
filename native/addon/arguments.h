// Checked reading of JavaScript arguments. Everything is checked before a job is queued; a wrong value throws
// INVALID_ARGUMENT naming the field, what was expected and what was given.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "addon/lent_memory.h"
#include "addon/napi_setup.h"
#include "engine/engine.h"

namespace glossa::addon {

// The elements of a typed array, where its Inputs keep them.
template <class T>
struct View {
  const T* data = nullptr;
  int64_t length = 0;
};

// The arrays of a request, as they are while its job runs. Their owner may change them or transfer them away meanwhile,
// and a getter of the request may do so while it is read; Node-API has no reference that keeps a buffer from being
// detached. So an array is copied; only memory of our own (a rollout's columns) can be held and read where it lies.
class Inputs {
 public:
  const void* copy(const void* data, size_t bytes);
  // Where it lies, if it is ours, else copied. JavaScript may still write there: a reader of ids checks each.
  const void* hold(const void* data, size_t bytes);

 private:
  std::vector<std::unique_ptr<uint8_t[]>> copies_;
  std::vector<Owner> held_;
};
enum class Keep : uint8_t { copied, held };

// The fields of one request object. `where` names it in messages, as in "generate.topK".
class Fields {
 public:
  Fields(Napi::Value value, std::string where);

  bool has(const char* name) const;
  int64_t integer(const char* name, int64_t least, int64_t most) const;
  int64_t integer_or(const char* name, int64_t least, int64_t most, int64_t otherwise) const;
  // Finite, least <= x <= most.
  double number(const char* name, double least, double most) const;
  double number_or(const char* name, double least, double most, double otherwise) const;
  bool boolean_or(const char* name, bool otherwise) const;
  std::string text(const char* name) const;
  // One of `choices`; its index.
  int choice(const char* name, const std::vector<std::string>& choices) const;
  // A bigint in [0, 2^64).
  uint64_t seed(const char* name) const;
  // A plain array of integers.
  std::vector<int32_t> integers(const char* name, int64_t least, int64_t most) const;
  // A plain array of texts.
  std::vector<std::string> texts(const char* name) const;
  // A typed array of exactly `length` elements (-1: any).
  template <class T>
  View<T> array(const char* name, int64_t length, Inputs* inputs, Keep keep = Keep::copied) const;
  template <class T>
  View<T> array_or_null(const char* name, int64_t length, Inputs* inputs, Keep keep = Keep::copied) const;
  // {ids, offsets}: offsets start at 0, never fall and end at ids.length; every row has at least `shortest` ids, each
  // in [0, vocab). Offsets say where memory is read and are copied; ids are kept as asked.
  Ragged ragged(const char* name, int64_t shortest, int64_t vocab, Inputs* inputs, Keep keep) const;

  // The fields of an object of this one.
  Fields object(const char* name) const { return Fields(object_.Get(name), path(name)); }

  std::string path(const char* name) const { return where_ + "." + name; }
  Napi::Env env() const { return object_.Env(); }

 private:
  Napi::Object object_;
  std::string where_;
};

// Positional arguments.
std::string text_argument(const Napi::CallbackInfo& info, size_t index, const char* name);
std::string path_argument(const Napi::CallbackInfo& info, size_t index, const char* name);
uint64_t seed_argument(const Napi::CallbackInfo& info, size_t index, const char* name);
Dtype stored_type_argument(const Napi::CallbackInfo& info, size_t index, const char* name);
int64_t integer_argument(const Napi::CallbackInfo& info, size_t index, const char* name, int64_t least,
                         int64_t otherwise);  // undefined: otherwise
EngineOptions engine_options(Napi::Value value);

// Where a typed array's elements lie, checked like the arrays of a request.
const void* address_of(Napi::Value value, const std::string& name);

}  // namespace glossa::addon
