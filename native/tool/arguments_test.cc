#include "tool/arguments.h"

#include <filesystem>
#include <regex>
#include <set>

#include "engine/test_folder.h"
#include "tool/command.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;
using namespace glossa::tool;

namespace {

const char* const kUsage = "DIR [filter ...] [--json] [--device name] [--reps n] [--tflops x] [--dtype f32|bf16|f64]";

// What a usage's refusal says; "": it takes the words.
std::string refusal(const std::string& usage, const std::vector<std::string>& words) {
  const Result<Args> args = Args::parse(usage, words);
  if (args.ok()) return "";
  CHECK_EQ(args.status().code(), std::string("INVALID_ARGUMENT"));
  return args.status().message();
}

std::set<std::string> matches(const std::string& text, const char* pattern) {
  const std::regex expression(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) found.insert((*at)[1]);
  return found;
}

}  // namespace

TEST("arguments: words and options in any order, with what was given or what stands for it") {
  const Args args =
      Args::parse(kUsage, {"--reps", "7", "a folder", "--json", "one", "--dtype", "bf16", "two", "--tflops", "0.5"})
          .take();
  CHECK(args.words() == (std::vector<std::string>{"a folder", "one", "two"}));
  CHECK(args.has("--json") && !args.has("--device"));
  CHECK_EQ(args.number("--reps", 1), 7);
  CHECK_EQ(args.real("--tflops", 0), 0.5);
  CHECK_EQ(args.text("--dtype", "f32"), std::string("bf16"));
  CHECK_EQ(args.text("--device", "cpu"), std::string("cpu"));
  CHECK_EQ(Args::parse("[--reps n]", {}).take().number("--reps", 3), 3);
  CHECK_EQ(refusal("[DIR] [--json]", {}), std::string());
  CHECK_EQ(refusal("[DIR] [--json]", {"--json", "there"}), std::string());
}

TEST("arguments: what a usage does not have is refused, with what was expected") {
  const struct {
    std::vector<std::string> words;
    const char* told;
  } wrong[] = {{{"a", "--look", "3"}, "--look: unknown option"},
               {{"a", "--reps"}, "--reps needs a value: expected a whole number from 1 to 2147483647"},
               {{"a", "--reps", "--json"}, "--reps needs a value: expected a whole number from 1 to 2147483647"},
               {{"a", "--reps", "x"}, "--reps x: expected a whole number from 1 to 2147483647"},
               {{"a", "--reps", "0"}, "--reps 0: expected a whole number from 1 to 2147483647"},
               {{"a", "--reps", "3x"}, "--reps 3x: expected a whole number from 1 to 2147483647"},
               {{"a", "--reps", "2.5"}, "--reps 2.5: expected a whole number from 1 to 2147483647"},
               {{"a", "--reps", ""}, "--reps : expected a whole number from 1 to 2147483647"},
               {{"a", "--reps", "-1"}, "--reps -1: expected a whole number from 1 to 2147483647"},
               {{"a", "--reps", "99999999999"}, "--reps 99999999999: expected a whole number from 1 to 2147483647"},
               {{"a", "--tflops", "fast"}, "--tflops fast: expected a number above 0"},
               {{"a", "--tflops", "inf"}, "--tflops inf: expected a number above 0"},
               {{"a", "--tflops", "-2"}, "--tflops -2: expected a number above 0"},
               {{"a", "--dtype", "f16"}, "--dtype f16: expected f32, bf16 or f64"},
               {{"a", "--device", ""}, "--device : expected a value (name)"},
               {{"a", "--json", "--json"}, "--json is given twice"},
               {{}, "DIR is missing"},
               {{"--json"}, "DIR is missing"}};
  for (const auto& w : wrong) CHECK_EQ(refusal(kUsage, w.words), std::string(w.told));
  CHECK_EQ(refusal("[DIR] [--json]", {"one", "two"}), std::string("two: unknown argument"));
  CHECK_EQ(refusal("", {"one"}), std::string("one: unknown argument"));
}

// An option that is read and not in the usage ends the program, but only where it is read.
TEST("arguments: the usage of every command has the options that its sources read, and no others") {
  // What a command hands its arguments to.
  const struct {
    const char *call, *file;
  } parts[] = {{"bench_large(args)", "bench_large.cc"}, {"conclude(args", "compare.cc"}};
  const std::filesystem::path folder = repository_path("native/tool");
  if (!std::filesystem::exists(folder)) SKIP(folder.string() + " is not there");
  std::set<std::string> seen;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::string text = bytes_of(entry.path().string());
    if (entry.path().extension() != ".cc" || entry.path().filename() == "arguments_test.cc") continue;
    const std::set<std::string> names = matches(text, R"re(\nCOMMAND\(\s*"([a-z ]+)")re");
    if (names.empty()) continue;
    CHECK_EQ(names.size(), 1u);
    for (const auto& part : parts)
      if (text.find(part.call) != std::string::npos) text += bytes_of((folder / part.file).string());
    const Command* c = commands();
    while (c && *names.begin() != c->name) c = c->next;
    CHECK(c != nullptr);
    if (!c) continue;
    seen.insert(c->name);
    const std::set<std::string> in_usage = matches(c->usage, R"re(\[(--[a-z-]+))re"),
                                read = matches(text, R"re(args\.(?:has|text|number|real)\("(--[a-z-]+)")re");
    for (const std::string& option : read)
      if (!in_usage.count(option)) fail(__FILE__, __LINE__, std::string(c->name) + " reads " + option);
    for (const std::string& option : in_usage)
      if (!read.count(option)) fail(__FILE__, __LINE__, std::string(c->name) + " never reads " + option);
  }
  for (const Command* c = commands(); c; c = c->next)
    if (!seen.count(c->name)) fail(__FILE__, __LINE__, std::string(c->name) + ": no file of native/tool has it");
}
