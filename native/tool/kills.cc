// `glossa-native kills`: that a run which is killed, wherever it is, goes on from its last checkpoint to the bits of a
// run that nothing befell. The run is `glossa-native steps`, a process of its own; it says which step begins, and is
// sent SIGKILL at instants spread over a step and the writing of its checkpoint.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "io/json.h"
#include "tool/bench.h"
#include "tool/command.h"
#include "tool/model_shapes.h"
#include "tool/stepped_run.h"

namespace glossa::tool {
namespace {

constexpr const char* kBegins = "step ";  // of tool/steps_command.cc

// A process of this program, whose standard output is read line by line.
class Child {
 public:
  explicit Child(std::vector<std::string> words) {
    words.insert(words.begin(), "glossa-native");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int ends[2];
    if (pipe(ends) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
#ifdef __linux__
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // it does not outlive this process
#endif
      dup2(ends[1], STDOUT_FILENO);
      close(ends[0]);
      close(ends[1]);
      execv("/proc/self/exe", argv.data());
      std::fprintf(stderr, "glossa-native: cannot start itself: %s\n", std::strerror(errno));
      _exit(1);
    }
    close(ends[1]);
    out_ = fdopen(ends[0], "r");
  }
  ~Child() {
    if (pid_ > 0) end(true);
    if (out_) std::fclose(out_);
  }
  Child(const Child&) = delete;

  // False: it says no more.
  bool read_line(std::string* line) {
    char* text = nullptr;
    size_t size = 0;
    const ssize_t n = out_ ? getline(&text, &size, out_) : -1;
    if (n > 0) line->assign(text, static_cast<size_t>(n - (text[n - 1] == '\n')));
    std::free(text);
    return n > 0;
  }
  // Its status as waitpid has it.
  int end(bool kills) {
    int status = -1;
    if (pid_ <= 0) return status;
    if (kills) kill(pid_, SIGKILL);
    if (waitpid(pid_, &status, 0) != pid_) status = -1;
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
  std::FILE* out_ = nullptr;
};

// A run to its end.
struct Whole {
  bool well = false;
  std::string sha256;
  int from = -1;
  double step_seconds = 0;  // the median, its checkpoint included
};
Whole run_whole(const std::vector<std::string>& words) {
  Child child(words);
  std::vector<double> begun;
  std::string line, last;
  while (child.read_line(&line)) {
    if (line.rfind(kBegins, 0) == 0) begun.push_back(now(Watch::wall));
    last = line;
  }
  Whole whole;
  const int status = child.end(false);
  const Result<Json> told = Json::parse(last, "the run");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !told.ok() || !told.value().find("sha256")) return whole;
  whole.well = true;
  whole.sha256 = told.value().find("sha256")->string;
  whole.from = static_cast<int>(told.value().find("from")->number);
  std::vector<double> seconds;
  for (size_t i = 1; i < begun.size(); ++i) seconds.push_back(begun[i] - begun[i - 1]);
  std::sort(seconds.begin(), seconds.end());
  if (!seconds.empty()) whole.step_seconds = seconds[seconds.size() / 2];
  return whole;
}

// Whether a checkpoint is half written there.
bool half_written(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".tmp") return true;
  return false;
}

// A run that is killed `seconds` after its first step that begins, or its second. False: it ended before.
bool run_killed(const std::vector<std::string>& words, int begun, double seconds) {
  Child child(words);
  std::string line;
  while (begun > 0 && child.read_line(&line)) begun -= line.rfind(kBegins, 0) == 0;
  usleep(static_cast<useconds_t>(1e6 * seconds));
  const int status = child.end(true);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

}  // namespace
}  // namespace glossa::tool

COMMAND("kills", "[--kills n] [--steps n] [--model name] [--layers n] [--device name] [--dtype f32|bf16] [--json]",
        "a run that is killed again and again ends with the bits of one that is not; checkpoints lie in $TMPDIR for a "
        "while, three at a time of 12 bytes a parameter in two folders") {
  using namespace glossa;
  using namespace glossa::tool;
  const bool json = args.has("--json");
  const int kills = args.number("--kills", 5), steps = args.number("--steps", kills + 3);
  const std::string model = args.text("--model", "tiny"), device = args.text("--device"),
                    dtype = args.text("--dtype", "bf16");
  if (!find_shape(model)) {
    std::fprintf(stderr, "--model %s: expected one of %s\n", model.c_str(), shape_names().c_str());
    return 2;
  }
  std::string made = (std::filesystem::temp_directory_path() / "glossa-kills-XXXXXX").string();
  if (!mkdtemp(made.data())) {
    std::fprintf(stderr, "IO_ERROR: %s: %s\n", made.c_str(), std::strerror(errno));
    return 1;
  }
  const auto words = [&](const std::string& folder) {
    std::vector<std::string> all = {"steps",   folder, "--steps", std::to_string(steps),
                                    "--model", model,  "--dtype", dtype};
    if (args.has("--layers")) all.insert(all.end(), {"--layers", std::to_string(args.number("--layers", 1))});
    if (!device.empty()) all.insert(all.end(), {"--device", device});
    return all;
  };
  const auto folder = [&](const char* name) {
    const std::string path = made + "/" + name;
    std::filesystem::create_directory(path);
    return path;
  };
  const double start = now(Watch::wall);
  const Whole unbroken = run_whole(words(folder("unbroken")));
  const std::string killed = folder("killed");
  int hits = 0, halves = 0;
  for (int i = 0; unbroken.well && i < kills; ++i) {
    // Fractions of a step that lie apart, however many: multiples of the golden section.
    const double at = std::fmod((i + 1) * 0.618034, 1);
    if (!run_killed(words(killed), 1 + i % 2, at * unbroken.step_seconds)) continue;
    const bool half = half_written(killed);
    ++hits;
    halves += half;
    if (!json)
      std::printf("  killed; the newest checkpoint is of step %d%s\n", newest_checkpoint(killed),
                  half ? ", and one is half written" : "");
  }
  const Whole resumed = unbroken.well ? run_whole(words(killed)) : Whole{};
  std::error_code ignored;
  std::filesystem::remove_all(made, ignored);
  const bool same = resumed.well && resumed.sha256 == unbroken.sha256, well = same && hits > 0 && resumed.from > 0;
  if (hits == 0 && unbroken.well) std::fprintf(stderr, "no kill came before the run's end: nothing was shown\n");
  std::printf(
      "{\"check\":\"kills\",\"model\":\"%s\",\"dtype\":\"%s\",\"device\":\"%s\",\"steps\":%d,\"kills\":%d,\"half_"
      "written\":%d,\"resumed_from\":%d,\"unbroken\":\"%s\",\"killed\":\"%s\",\"same\":%s,\"seconds\":%.1f}\n",
      model.c_str(), dtype.c_str(), device.c_str(), steps, hits, halves, resumed.from, unbroken.sha256.c_str(),
      resumed.sha256.c_str(), same ? "true" : "false", now(Watch::wall) - start);
  return well ? 0 : 1;
}
