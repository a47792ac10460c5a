#include "tool/compare.h"

#include <cstdio>

#include "io/json.h"
#include "io/read_file.h"

namespace glossa::tool {
namespace {

constexpr double kSlower = 0.95;
// What a figure is of, and what must be the same for two of them to be compared. Settings that change how something is
// computed (looks, recomputation, micro-batches, slots) may differ: what they are worth is a question for a comparison.
constexpr const char* kName[] = {"name", "model", "what", "dtype"};
constexpr const char* kSize[] = {"parameters", "threads", "prompts", "completions", "prompt", "new_tokens"};
constexpr const char* kRun[] = {"bench", "model", "device", "card", "dtype", "threads", "small", "lora"};

// A field's value as text; "": it is not there.
std::string text_of(const Json& object, const char* field) {
  const Json* value = object.find(field);
  if (!value) return "";
  if (value->kind == Json::Kind::boolean) return value->boolean ? "true" : "false";
  return value->string;
}

// Of two results, or of a figure of each: the first field that they differ in.
template <size_t n>
Status differing(const char* const (&fields)[n], const Json& now, const Json& earlier, const std::string& where) {
  for (const char* field : fields) {
    const std::string here = text_of(now, field), there = text_of(earlier, field);
    if (here == there) continue;
    const auto said = [](const std::string& x) { return x.empty() ? std::string("not told") : x; };
    return Status("BENCH_DIFFERS",
                  where + ": " + field + " is " + said(there) + " there and " + said(here) + " in this run");
  }
  return {};
}

std::string name_of(const Json& figure) {
  std::string name;
  for (const char* part : kName)
    if (const std::string text = text_of(figure, part); !text.empty()) name += (name.empty() ? "" : " ") + text;
  return name;
}

// How fast it was; 0: it is no rate.
double rate_of(const Json& figure) {
  if (const Json* tokens = figure.find("tokens_per_s"); tokens && tokens->number > 0) return tokens->number;
  if (const Json* us = figure.find("us"); us && us->number > 0) return 1 / us->number;
  return 0;
}

const std::vector<Json>& figures_of(const Json& result) {
  static const std::vector<Json> none;
  const Json* results = result.find("results");
  return results ? results->array : none;
}

const Json* find_figure(const Json& result, const std::string& name) {
  for (const Json& figure : figures_of(result))
    if (rate_of(figure) > 0 && name_of(figure) == name) return &figure;
  return nullptr;
}

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

Result<Json> read_earlier(const std::string& path) {
  const Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.status();
  Result<Json> earlier = Json::parse(last_line(text.value()), path);
  if (earlier.ok() && !earlier.value().find("bench"))
    return Status("JSON_INVALID", path + ": its last line is no result of a bench");
  return earlier;
}

}  // namespace

Result<std::vector<Comparison>> compare_with(const std::string& now, const std::string& path) {
  const Result<Json> earlier = read_earlier(path), mine = Json::parse(now, "the result");
  if (!earlier.ok()) return earlier.status();
  if (!mine.ok()) return mine.status();
  if (Status s = differing(kRun, mine.value(), earlier.value(), path); !s.ok()) return s;
  std::vector<Comparison> out;
  bool some = false;
  for (const Json& figure : figures_of(mine.value())) {
    const double rate = rate_of(figure);
    if (rate <= 0) continue;
    const std::string name = name_of(figure);
    const Json* before = find_figure(earlier.value(), name);
    if (!before) {
      out.push_back({name, {}});
      continue;
    }
    if (Status s = differing(kSize, figure, *before, path + ": " + name); !s.ok()) return s;
    out.push_back({name, rate / rate_of(*before)});
    some = true;
  }
  if (!some) return Status("BENCH_DIFFERS", path + " has no figure that this run has");
  return out;
}

Status check_earlier(const Args& args) {
  if (!args.has("--compare")) return {};
  const Result<Json> earlier = read_earlier(args.text("--compare"));
  return earlier.ok() ? Status() : earlier.status();
}

int conclude(const Args& args, const std::string& result) {
  const bool compares = args.has("--compare"), allows = args.has("--allow");
  int code = 0;
  if (compares) {
    const Result<std::vector<Comparison>> compared = compare_with(result, args.text("--compare"));
    if (!compared.ok()) {
      std::fprintf(stderr, "%s: %s\n", compared.status().code().c_str(), compared.status().message().c_str());
      code = 2;
    } else {
      for (const Comparison& c : compared.value()) {
        const bool slower = c.ratio && *c.ratio < kSlower;
        if (c.ratio)
          std::printf("  %-46s %6.3f of the earlier rate%s\n", c.name.c_str(), *c.ratio, slower ? ", SLOWER" : "");
        else
          std::printf("  %-46s not in the earlier run\n", c.name.c_str());
        if (slower && !allows) code = 1;
      }
    }
  }
  std::printf("%s\n", result.c_str());
  return code;
}

}  // namespace glossa::tool
