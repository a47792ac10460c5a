#include "golden/golden.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "golden/case_files.h"

namespace glossa {

Result<std::vector<GoldenCase>> run_golden(const std::string& dir, const EngineOptions& options) {
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir, error))
    if (entry.is_directory(error)) names.push_back(entry.path().filename().string());
  if (error) return Status("IO_ERROR", dir + ": cannot be read: " + error.message());
  std::sort(names.begin(), names.end());

  std::vector<GoldenCase> cases;
  for (const std::string& name : names) {
    const std::string path = dir + "/" + name;
    if (name.rfind("model-", 0) == 0) cases.push_back(golden::run_model_case(path, name, options));
    if (name.rfind("loss-", 0) == 0) cases.push_back(golden::run_loss_case(path, name, options));
    if (name.rfind("train-", 0) == 0) cases.push_back(golden::run_train_case(path, name, options));
  }
  return cases;
}

std::string golden_json(const std::vector<GoldenCase>& cases) {
  std::string out = "[";
  for (size_t i = 0; i < cases.size(); ++i) {
    const GoldenCase& c = cases[i];
    out += std::string(i ? ",\n" : "\n") + "  {\"name\": " + json_quote(c.name) + ", \"kind\": " + json_quote(c.kind) +
           ", \"state\": " + json_quote(c.state) + ", \"detail\": " + json_quote(c.detail) + ", \"measures\": [";
    for (size_t j = 0; j < c.measures.size(); ++j) {
      char numbers[96];
      // JSON has no infinity: null is an error without measure.
      if (std::isfinite(c.measures[j].error))
        std::snprintf(numbers, sizeof numbers, "%.6g, \"bound\": %.6g", c.measures[j].error, c.measures[j].bound);
      else
        std::snprintf(numbers, sizeof numbers, "null, \"bound\": %.6g", c.measures[j].bound);
      out += (j ? ", " : "") + std::string("{\"name\": ") + json_quote(c.measures[j].name) + ", \"error\": " + numbers +
             "}";
    }
    out += "]}";
  }
  return out + "\n]\n";
}

}  // namespace glossa
