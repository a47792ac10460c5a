// `glossa-native golden`: runs a folder of reference cases.
#include <cstdio>
#include <cstring>

#include "golden/golden.h"
#include "tool/command.h"

COMMAND("golden", "DIR [--dtype f32|bf16] [--device name] [--json]", "reference cases beside their bounds") {
  using namespace glossa;
  const std::string& dir = args.words()[0];
  const bool json = args.has("--json");
  EngineOptions options;
  options.dtype = args.text("--dtype", "f32") == "bf16" ? Dtype::bf16 : Dtype::f32;
  options.device_name = args.text("--device");
  Result<std::vector<GoldenCase>> cases = run_golden(dir, options);
  if (!cases.ok()) {
    std::fprintf(stderr, "%s: %s\n", cases.status().code().c_str(), cases.status().message().c_str());
    return 1;
  }
  if (cases.value().empty()) {
    std::fprintf(stderr, "%s: holds no case; expected folders named model-*, loss-* or train-*\n", dir.c_str());
    return 1;
  }
  bool good = true;
  for (const GoldenCase& c : cases.value()) {
    good = good && (c.state == "pass" || c.state == "skip");
    if (json) continue;
    std::printf("%-24s %-5s %s\n", c.name.c_str(), c.state.c_str(), c.detail.c_str());
    for (const GoldenMeasure& m : c.measures) std::printf("    %-24s %.3g of %.3g\n", m.name.c_str(), m.error, m.bound);
  }
  if (json) std::printf("%s", golden_json(cases.value()).c_str());
  return good ? 0 : 1;
}
