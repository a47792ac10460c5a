// A small strict JSON reader for config.json, safetensors headers and golden cases. Depth and size are bounded.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace glossa {

class Json {
 public:
  enum class Kind { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  bool boolean = false;
  double number = 0;
  std::string string;  // of a number its text, as it was spelled
  std::vector<Json> array;
  struct Member;
  std::vector<Member> object;  // in file order; duplicate keys are an error

  const Json* find(const std::string& key) const;  // null where absent or not an object
  bool is_null() const { return kind == Kind::null; }
  // RFC 8259, strictly: UTF-8, no duplicate keys, at most 64 levels and 2^20 values. `where` names the file in
  // messages, which give line and column (in bytes). Code JSON_INVALID.
  static Result<Json> parse(const std::string& text, const std::string& where);
};
struct Json::Member {
  std::string name;
  Json value;
};
// The value again, in two-space indentation; numbers as they were spelled.
std::string json_text(const Json&);
// In quotes, with what must be escaped escaped; bytes above 0x7f are kept.
std::string json_quote(const std::string& text);

}  // namespace glossa
