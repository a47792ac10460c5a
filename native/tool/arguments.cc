#include "tool/arguments.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace glossa::tool {
namespace {

// One item of a usage: "DIR", "[DIR]", "[filter ...]", "[--json]", "[--device name]".
struct Item {
  bool optional = false, several = false;
  std::string name, value;
};

std::vector<Item> items_of(const std::string& usage) {
  std::vector<Item> items;
  std::istringstream in(usage);
  bool open = false;
  for (std::string word; in >> word;) {
    const bool opens = word.front() == '[', closes = word.back() == ']';
    word = word.substr(opens ? 1 : 0, word.size() - (opens ? 1 : 0) - (closes ? 1 : 0));
    if (open && word == "...") {
      items.back().several = true;
    } else if (open) {
      items.back().value = word;
    } else {
      items.push_back({opens, false, word, ""});
    }
    open = (open || opens) && !closes;
  }
  return items;
}

bool is_option(const std::string& word) {
  return word.rfind("--", 0) == 0;
}

bool is_number(const std::string& text, double* value) {
  char* end = nullptr;
  *value = std::strtod(text.c_str(), &end);
  return !text.empty() && text.find_first_of(" \t\nxX") == std::string::npos && *end == 0 && std::isfinite(*value);
}

// Whether `text` is a value of that kind.
bool is_of_kind(const std::string& kind, const std::string& text) {
  double number = 0;
  if (kind == "n")
    return text.find_first_not_of("0123456789") == std::string::npos && is_number(text, &number) && number >= 1 &&
           number <= INT32_MAX;
  if (kind == "x") return is_number(text, &number) && number > 0;
  if (kind.find('|') == std::string::npos) return !text.empty();
  std::istringstream in(kind);
  for (std::string word; std::getline(in, word, '|');)
    if (word == text) return true;
  return false;
}

std::string in_words(const std::string& kind) {
  if (kind == "n") return "a whole number from 1 to 2147483647";
  if (kind == "x") return "a number above 0";
  if (kind.find('|') == std::string::npos) return "a value (" + kind + ")";
  std::string text = kind;
  for (size_t at; (at = text.rfind('|')) != std::string::npos;)
    text.replace(at, 1, text.find(" or ") == std::string::npos ? " or " : ", ");
  return text;
}

Status refused(const std::string& what) {
  return Status("INVALID_ARGUMENT", what);
}

}  // namespace

Status Args::take_option(const std::vector<std::string>& given, size_t& at) {
  const std::string& name = given[at];
  const auto known = known_.find(name);
  if (known == known_.end()) return refused(name + ": unknown option");
  if (given_.count(name)) return refused(name + " is given twice");
  if (known->second.empty()) {
    given_[name] = "";
    return {};
  }
  const std::string expected = "expected " + in_words(known->second);
  if (at + 1 == given.size() || is_option(given[at + 1])) return refused(name + " needs a value: " + expected);
  const std::string& value = given[++at];
  if (!is_of_kind(known->second, value)) return refused(name + " " + value + ": " + expected);
  given_[name] = value;
  return {};
}

Result<Args> Args::parse(const std::string& usage, const std::vector<std::string>& given) {
  Args args;
  std::vector<Item> places;
  for (const Item& item : items_of(usage)) {
    if (is_option(item.name))
      args.known_[item.name] = item.value;
    else
      places.push_back(item);
  }
  for (size_t i = 0; i < given.size(); ++i) {
    if (!is_option(given[i])) {
      if (args.words_.size() >= places.size() && (places.empty() || !places.back().several))
        return refused(given[i] + ": unknown argument");
      args.words_.push_back(given[i]);
    } else if (Status s = args.take_option(given, i); !s.ok()) {
      return s;
    }
  }
  if (args.words_.size() < places.size() && !places[args.words_.size()].optional)
    return refused(places[args.words_.size()].name + " is missing");
  return args;
}

const std::string* Args::value_of(const std::string& option) const {
  if (!known_.count(option)) {
    std::fprintf(stderr, "%s is read, but the usage of the command does not have it\n", option.c_str());
    std::abort();
  }
  const auto at = given_.find(option);
  return at == given_.end() ? nullptr : &at->second;
}
bool Args::has(const std::string& option) const {
  return value_of(option) != nullptr;
}
std::string Args::text(const std::string& option, const std::string& otherwise) const {
  const std::string* value = value_of(option);
  return value ? *value : otherwise;
}
int32_t Args::number(const std::string& option, int32_t otherwise) const {
  const std::string* value = value_of(option);
  return value ? static_cast<int32_t>(std::strtol(value->c_str(), nullptr, 10)) : otherwise;
}
double Args::real(const std::string& option, double otherwise) const {
  const std::string* value = value_of(option);
  return value ? std::strtod(value->c_str(), nullptr) : otherwise;
}

}  // namespace glossa::tool
