// The settings of a config.json, read one by one. The first fault is remembered; what is read after it gives defaults.
#pragma once
#include <cstdint>
#include <string>

#include "base/status.h"
#include "io/json.h"

namespace glossa {

class Settings {
 public:
  // `where` names the file in messages; `prefix` stands before the keys.
  Settings(const Json& json, std::string where, std::string prefix = "")
      : json_(json), where_(std::move(where)), prefix_(std::move(prefix)) {}

  // The object under `key`, which is there; its faults name the key too and are handed back by adopt.
  Settings inside(const char* key) const { return Settings(*given(key), where_, prefix_ + key + "."); }
  void adopt(const Settings& inner) {
    if (status_.ok()) status_ = inner.status_;
  }

  const Status& status() const { return status_; }
  const std::string& where() const { return where_; }
  const Json& json() const { return json_; }
  void invalid(const std::string& key, const std::string& fault) { note("CONFIG_INVALID", key, fault); }
  void unsupported(const std::string& key, const std::string& fault) { note("MODEL_UNSUPPORTED", key, fault); }

  // Null where absent or null: Transformers treats both alike.
  const Json* given(const char* key) const {
    const Json* value = json_.find(key);
    return value && !value->is_null() ? value : nullptr;
  }
  bool is_null(const char* key) const {
    const Json* value = json_.find(key);
    return value && value->is_null();
  }

  // A fallback below 0: the setting must be there.
  int64_t integer(const char* key, int64_t low, int64_t high, int64_t fallback = -1);
  // Above `low`, at most `high`.
  double real(const char* key, double low, double high, double fallback);
  bool boolean(const char* key, bool fallback);
  std::string text(const char* key, const char* fallback);

 private:
  void note(const char* code, const std::string& key, const std::string& fault) {
    if (status_.ok()) status_ = Status(code, where_ + ": " + prefix_ + key + " " + fault);
  }
  const Json& json_;
  std::string where_, prefix_;
  Status status_;
};

// A value as messages show it.
std::string shown(const Json& value);

}  // namespace glossa
