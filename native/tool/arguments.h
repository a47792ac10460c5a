// What a command is given, read by its usage, which is its help as well:
//
//   "DIR [filter ...] [--json] [--device name] [--reps n] [--tflops x] [--dtype f32|bf16]"
//
// DIR must be given, [DIR] may, of [filter ...] there may be any number. An option stands in brackets and takes the
// value that follows it there: n is a whole number from 1, x a number above 0, words between strokes are those allowed,
// and anything else is text. What the usage does not have is refused, and reading it ends the program: the help of a
// command is complete.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace glossa::tool {

class Args {
 public:
  // INVALID_ARGUMENT, naming the word and what was expected.
  static Result<Args> parse(const std::string& usage, const std::vector<std::string>& given);

  bool has(const std::string& option) const;  // whether it was given
  std::string text(const std::string& option, const std::string& otherwise = "") const;
  int32_t number(const std::string& option, int32_t otherwise) const;
  double real(const std::string& option, double otherwise) const;
  // What is no option and no value of one.
  const std::vector<std::string>& words() const { return words_; }

 private:
  Status take_option(const std::vector<std::string>& given, size_t& at);
  const std::string* value_of(const std::string& option) const;

  std::map<std::string, std::string> known_;  // an option's kind of value; "": it takes none
  std::map<std::string, std::string> given_;
  std::vector<std::string> words_;
};

}  // namespace glossa::tool
