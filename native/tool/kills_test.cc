// Runs that end and go on, in this process; and the command that kills one, by its own name.
#include <cstdlib>
#include <filesystem>

#include "engine/test_folder.h"
#include "engine/test_models.h"
#include "tool/stepped_run.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;
using namespace glossa::tool;

namespace {

namespace fs = std::filesystem;

SteppedRun run_in(const Folder& folder, Dtype dtype, int32_t steps) {
  SteppedRun run;
  run.folder = folder.path();
  run.options.dtype = dtype;
  run.options.threads = 2;
  run.steps = steps;
  return run;
}
RunEnd end_of(const SteppedRun& run) {
  Result<RunEnd> end = run_steps(run, [](int32_t) {});
  CHECK(end.ok());
  return end.ok() ? end.take() : RunEnd{-1, ""};
}

}  // namespace

TEST("kills: a run that goes on from its checkpoint ends with the digest of the whole one") {
  for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
    if (reduced() && dtype == Dtype::f32) continue;
    const Folder whole("whole"), parts("parts");
    const RunEnd want = end_of(run_in(whole, dtype, 3));
    CHECK_EQ(want.from, 0);
    CHECK_EQ(end_of(run_in(parts, dtype, 2)).from, 0);
    CHECK_EQ(newest_checkpoint(parts.path()), 2);
    // What a killed run leaves half written is none.
    fs::create_directory(parts / "step-3.tmp");
    put_bytes(parts / "step-3.tmp/state.safetensors", "half");
    CHECK_EQ(newest_checkpoint(parts.path()), 2);
    // As if the moments had been forgotten: another end, so the digest would tell.
    const Folder other("other");
    fs::copy(parts.path(), other.path(), fs::copy_options::recursive);
    fs::copy_file(other / "step-1/state.safetensors", other / "step-2/state.safetensors",
                  fs::copy_options::overwrite_existing);
    CHECK(end_of(run_in(other, dtype, 3)).sha256 != want.sha256);

    const RunEnd got = end_of(run_in(parts, dtype, 3));
    CHECK_EQ(got.from, 2);
    CHECK_EQ(got.sha256, want.sha256);
    CHECK(!fs::exists(parts / "step-1") && !fs::exists(parts / "step-3.tmp"));
    // Killed after its last checkpoint: nothing is left to do, and the state is that.
    const RunEnd again = end_of(run_in(parts, dtype, 3));
    CHECK_EQ(again.from, 3);
    CHECK_EQ(again.sha256, want.sha256);
  }
}

TEST("kills: a run that is killed at any instant ends with the bits of one that is not") {
  if (!fs::exists("/proc/self/exe")) SKIP("a program finds itself by /proc/self/exe, which is not here");
  const std::string self = fs::read_symlink("/proc/self/exe").string();
  CHECK_EQ(std::system(("'" + self + "' kills --kills " + (reduced() ? "2" : "5") + " --json").c_str()), 0);
}
