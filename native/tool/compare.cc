#include "tool/compare.h"

#include <cstdio>
#include <map>

#include "io/json.h"
#include "io/read_file.h"
#include "tool/bench.h"

namespace glossa::tool {
namespace {

constexpr double kSlower = 0.95;

// How fast each thing was, by its name.
std::map<std::string, double> rates(const Json& bench) {
  std::map<std::string, double> found;
  const Json* results = bench.find("results");
  if (!results) return found;
  for (const Json& r : results->array) {
    std::string name;
    for (const char* part : {"name", "model", "what", "dtype"})
      if (const Json* text = r.find(part); text && text->kind == Json::Kind::string)
        name += (name.empty() ? "" : " ") + text->string;
    double rate = 0;
    if (const Json* us = r.find("us"); us && us->number > 0) rate = 1 / us->number;
    if (const Json* tokens = r.find("tokens_per_s"); tokens && tokens->number > 0) rate = tokens->number;
    if (rate > 0) found[name] = rate;
  }
  return found;
}

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace

Result<std::vector<Comparison>> compare_with(const std::string& now, const std::string& path) {
  const Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.status();
  const Result<Json> earlier = Json::parse(last_line(text.value()), path), mine = Json::parse(now, "the result");
  if (!earlier.ok()) return earlier.status();
  if (!mine.ok()) return mine.status();
  if (!earlier.value().find("bench")) return Status("JSON_INVALID", path + ": its last line is no result of a bench");
  const std::map<std::string, double> before = rates(earlier.value());
  std::vector<Comparison> out;
  for (const auto& [name, rate] : rates(mine.value()))
    if (const auto at = before.find(name); at != before.end()) out.push_back({name, rate / at->second});
  if (out.empty()) return Status("BENCH_DIFFERS", path + " has no figure that this run has: another bench, or model");
  return out;
}

int conclude(const Args& args, const std::string& result) {
  const std::string path = option(args, "--compare", "");
  int code = 0;
  if (!path.empty()) {
    const Result<std::vector<Comparison>> compared = compare_with(result, path);
    if (!compared.ok()) {
      std::fprintf(stderr, "%s: %s\n", compared.status().code().c_str(), compared.status().message().c_str());
      code = 2;
    } else {
      for (const Comparison& c : compared.value()) {
        const bool slower = c.ratio < kSlower;
        std::printf("  %-46s %6.3f of the earlier rate%s\n", c.name.c_str(), c.ratio, slower ? ", SLOWER" : "");
        if (slower && !has_flag(args, "--allow")) code = 1;
      }
    }
  }
  std::printf("%s\n", result.c_str());
  return code;
}

}  // namespace glossa::tool
