// Numbers of a config.json as it is written.
#pragma once
#include <charconv>
#include <string>

namespace glossa {

// The shortest text that gives this float or double back: 1e-06, not 9.999999974752427e-07. Never a bare integer,
// because Transformers wants these settings as floats.
template <class T>
std::string json_number(T x) {
  char buffer[32];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, x);
  std::string text(buffer, end.ptr);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

}  // namespace glossa
