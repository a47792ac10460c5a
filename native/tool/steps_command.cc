// `glossa-native steps`: the run that `glossa-native kills` kills.
#include <cstdio>

#include "tool/command.h"
#include "tool/model_shapes.h"
#include "tool/stepped_run.h"

COMMAND("steps", "DIR [--steps n] [--model name] [--layers n] [--device name] [--dtype f32|bf16]",
        "training steps with random weights, each with a checkpoint in DIR; on from the newest that is there") {
  using namespace glossa;
  using namespace glossa::tool;
  SteppedRun run;
  run.folder = args.words()[0];
  run.steps = args.number("--steps", run.steps);
  run.model = args.text("--model", run.model);
  run.layers = args.number("--layers", 0);
  run.options.dtype = args.text("--dtype", "bf16") == "bf16" ? Dtype::bf16 : Dtype::f32;
  run.options.device_name = args.text("--device");
  if (!find_shape(run.model)) {
    std::fprintf(stderr, "--model %s: expected one of %s\n", run.model.c_str(), shape_names().c_str());
    return 2;
  }
  const Result<RunEnd> end = run_steps(run, [](int32_t step) {
    std::printf("step %d\n", step);  // tool/kills.cc waits for it
    std::fflush(stdout);
  });
  if (!end.ok()) {
    std::fprintf(stderr, "%s: %s\n", end.status().code().c_str(), end.status().message().c_str());
    return 1;
  }
  std::printf("{\"run\":\"steps\",\"from\":%d,\"steps\":%d,\"sha256\":\"%s\"}\n", end.value().from, run.steps,
              end.value().sha256.c_str());
  return 0;
}
