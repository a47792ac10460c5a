// `glossa-native test [filter ...] [--list]`: runs the tests whose name contains one of the filters.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tool/command.h"
#include "tool/test.h"

#ifndef GLOSSA_SOURCE_DIR
#define GLOSSA_SOURCE_DIR "."
#endif

namespace glossa::test {
namespace {

Case* first_case = nullptr;
Case** last_case = &first_case;
int failures_of_case = 0;
bool skipped_case = false;
constexpr int kMostReported = 10;  // of one test; a broken kernel fails a million checks

bool is_asked_for(const std::string& name, const std::vector<std::string>& filters) {
  auto contained = [&](const std::string& filter) { return name.find(filter) != std::string::npos; };
  return filters.empty() || std::any_of(filters.begin(), filters.end(), contained);
}

// Where it was built, unless the program was brought elsewhere.
std::filesystem::path repository() {
  const char* root = std::getenv("GLOSSA_ROOT");
  return root ? root : GLOSSA_SOURCE_DIR;
}

}  // namespace

Case::Case(const char* name, void (*run)()) : name(name), run(run) {
  *last_case = this;
  last_case = &next;
}

void fail(const char* file, int line, const std::string& what) {
  if (++failures_of_case <= kMostReported) std::printf("  %s:%d: %s\n", file, line, what.c_str());
}

int failures() {
  return failures_of_case;
}

void skip(const std::string& reason) {
  skipped_case = true;
  std::printf("  skipped: %s\n", reason.c_str());
}

std::string repository_path(const std::string& relative) {
  return (repository() / relative).lexically_normal().string();
}

std::string shared_path(const std::string& relative) {
  const char* root = std::getenv("GLOSSA_SHARED");
  std::filesystem::path base = root ? std::filesystem::path(root) : repository() / ".." / "shared";
  return (base / relative).lexically_normal().string();
}

}  // namespace glossa::test

COMMAND("test", "[filter ...] [--list]: unit tests whose name contains one of the filters") {
  using namespace glossa::test;
  std::vector<std::string> filters;
  bool list = false;
  for (const std::string& a : args) {
    if (a == "--list") {
      list = true;
    } else {
      filters.push_back(a);
    }
  }
  int passed = 0, failed = 0, skipped = 0;
  for (Case* c = first_case; c; c = c->next) {
    if (!is_asked_for(c->name, filters)) continue;
    if (list) {
      std::printf("%s\n", c->name);
      continue;
    }
    failures_of_case = 0;
    skipped_case = false;
    std::printf("%s\n", c->name);
    std::fflush(stdout);
    auto start = std::chrono::steady_clock::now();
    c->run();
    double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    if (failures_of_case > 0) {
      ++failed;
      std::printf("  FAILED: %d checks (%.0f ms)\n", failures_of_case, ms);
    } else if (skipped_case) {
      ++skipped;
    } else {
      ++passed;
      if (ms >= 100) std::printf("  ok (%.0f ms)\n", ms);
    }
  }
  if (list) return 0;
  if (passed + failed + skipped == 0) {
    std::printf("no test's name contains what was asked for\n0 passed, 0 failed\n");
    return 1;
  }
  if (skipped > 0) std::printf("%d skipped\n", skipped);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
