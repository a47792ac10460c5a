#include "model/settings.h"

#include <charconv>
#include <cmath>

namespace glossa {
namespace {

std::string shown_number(double x) {
  char text[32];
  auto end = std::to_chars(text, text + sizeof text, x);
  return std::string(text, end.ptr);
}

}  // namespace

std::string shown(const Json& value) {
  switch (value.kind) {
    case Json::Kind::null:
      return "null";
    case Json::Kind::boolean:
      return value.boolean ? "true" : "false";
    case Json::Kind::string:
      return json_quote(value.string);
    case Json::Kind::array:
      return "a list";
    case Json::Kind::object:
      return "an object";
    case Json::Kind::number:
      break;
  }
  return shown_number(value.number);
}

int64_t Settings::integer(const char* key, int64_t low, int64_t high, int64_t fallback) {
  const Json* value = given(key);
  if (!value) {
    if (fallback < 0) invalid(key, "is missing");
    return fallback;
  }
  if (value->kind != Json::Kind::number || value->number != std::floor(value->number) ||
      value->number < static_cast<double>(low) || value->number > static_cast<double>(high)) {
    invalid(key, "is " + shown(*value) + "; expected a whole number from " + std::to_string(low) + " to " +
                     std::to_string(high));
    return low;
  }
  return static_cast<int64_t>(value->number);
}

double Settings::real(const char* key, double low, double high, double fallback) {
  const Json* value = given(key);
  if (!value) return fallback;
  if (value->kind != Json::Kind::number || !(value->number > low) || value->number > high) {
    invalid(key, "is " + shown(*value) + "; expected a number above " + shown_number(low) + ", at most " +
                     shown_number(high));
    return fallback;
  }
  return value->number;
}

bool Settings::boolean(const char* key, bool fallback) {
  const Json* value = given(key);
  if (!value) return fallback;
  if (value->kind != Json::Kind::boolean) invalid(key, "is " + shown(*value) + "; expected true or false");
  return value->boolean;
}

std::string Settings::text(const char* key, const char* fallback) {
  const Json* value = given(key);
  if (!value) return fallback;
  if (value->kind != Json::Kind::string) invalid(key, "is " + shown(*value) + "; expected a text");
  return value->string;
}

}  // namespace glossa
