// `glossa-native test`: runs the tests whose name contains one of the filters.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <new>
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

namespace glossa::test {
namespace {

enum class Outcome { passed, failed, skipped };

Outcome run_case(const Case& c) {
  failures_of_case = 0;
  skipped_case = false;
  std::printf("%s\n", c.name);
  std::fflush(stdout);
  auto start = std::chrono::steady_clock::now();
  c.run();
  double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  if (failures_of_case > 0) {
    std::printf("  FAILED: %d checks (%.0f ms)\n", failures_of_case, ms);
    return Outcome::failed;
  }
  if (skipped_case) return Outcome::skipped;
  if (ms >= 100) std::printf("  ok (%.0f ms)\n", ms);
  return Outcome::passed;
}

struct Progress {
  std::atomic<int> next{0}, passed{0}, failed{0}, skipped{0};

  void count(Outcome outcome) {
    ++(outcome == Outcome::passed ? passed : outcome == Outcome::failed ? failed : skipped);
  }
};

// What a process says of one test, put out in one piece.
void put_out(int said, int out) {
  char block[1 << 16];
  off_t at = 0;
  for (ssize_t n; (n = pread(said, block, sizeof block, at)) > 0; at += n)
    for (ssize_t done = 0; done < n;) {
      ssize_t written = write(out, block + done, static_cast<size_t>(n - done));
      if (written <= 0) return;
      done += written;
    }
}

int open_temporary() {
  std::FILE* file = std::tmpfile();
  if (!file) {
    std::perror("glossa-native test: a temporary file");
    std::exit(1);
  }
  return fileno(file);
}

[[noreturn]] void run_as_job(const std::vector<const Case*>& cases, Progress& progress, int said, int turn) {
  int out = dup(STDOUT_FILENO);
  dup2(said, STDOUT_FILENO);
  for (size_t i; (i = static_cast<size_t>(progress.next++)) < cases.size();) {
    progress.count(run_case(*cases[i]));
    std::fflush(stdout);
    if (lockf(turn, F_LOCK, 0) == 0) put_out(said, out);
    if (ftruncate(said, 0) != 0 || lseek(said, 0, SEEK_SET) != 0 || lockf(turn, F_ULOCK, 0) != 0) std::_Exit(1);
  }
  std::exit(0);
}

// Each test in one of so many processes; one that ends in the middle of a test fails that test.
void run_in_jobs(int jobs, const std::vector<const Case*>& cases, Progress& progress) {
  struct Job {
    pid_t pid;
    int said;
  };
  std::vector<Job> running;
  int turn = open_temporary();
  for (int i = 0; i < jobs; ++i) {
    Job job{.pid = 0, .said = open_temporary()};
    job.pid = fork();
    if (job.pid == 0) run_as_job(cases, progress, job.said, turn);
    if (job.pid < 0) {
      std::perror("glossa-native test: fork");
      std::exit(1);
    }
    running.push_back(job);
  }
  for (const Job& job : running) {
    int status = 0;
    if (waitpid(job.pid, &status, 0) == job.pid && WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
    put_out(job.said, STDOUT_FILENO);
    std::printf("  FAILED: its process ended (%s %d)\n", WIFSIGNALED(status) ? "signal" : "exit status",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    std::fflush(stdout);
    progress.count(Outcome::failed);
  }
}

}  // namespace
}  // namespace glossa::test

COMMAND("test", "[filter ...] [--jobs n] [--list]",
        "unit tests whose name contains one of the filters, in so many processes") {
  using namespace glossa::test;
  const int jobs = args.number("--jobs", 1);
  if (jobs > 1024) {
    std::fprintf(stderr, "--jobs %d: expected a number of processes, 1 to 1024\n", jobs);
    return 2;
  }
  std::vector<const Case*> cases;
  for (Case* c = first_case; c; c = c->next)
    if (is_asked_for(c->name, args.words())) cases.push_back(c);
  if (args.has("--list")) {
    for (const Case* c : cases) std::printf("%s\n", c->name);
    return 0;
  }
  if (cases.empty()) {
    std::printf("no test's name contains what was asked for\n0 passed, 0 failed\n");
    return 1;
  }
  void* shared = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    std::perror("glossa-native test: mmap");
    return 1;
  }
  auto& progress = *new (shared) Progress;
  if (jobs == 1) {
    for (const Case* c : cases) progress.count(run_case(*c));
  } else {
    std::fflush(stdout);
    run_in_jobs(jobs, cases, progress);
  }
  if (progress.skipped > 0) std::printf("%d skipped\n", progress.skipped.load());
  std::printf("%d passed, %d failed\n", progress.passed.load(), progress.failed.load());
  return progress.failed == 0 ? 0 : 1;
}
