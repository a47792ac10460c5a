// Any text as config.json and as an index of shards: refused with a code, or read; what is read and written again is
// read the same, and no shard has a path in its name.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "io/json.h"
#include "io/weight_files.h"
#include "model/config.h"

namespace {

void config(const std::string& text) {
  using namespace glossa;
  Result<ModelConfig> read = parse_model_config(text, "config.json");
  if (!read.ok()) return;
  const std::string written = model_config_json(read.value(), Dtype::bf16);
  Result<ModelConfig> again = parse_model_config(written, "config.json");
  if (!again.ok() || model_config_json(again.value(), Dtype::bf16) != written) std::abort();
  ModelConfig made = read.take();
  made.source.clear();
  if (!parse_model_config(model_config_json(made, Dtype::f32), "config.json").ok()) std::abort();
  if (made.layers <= 64 && parameter_count(made) <= 0) std::abort();
}

void index(const std::string& text) {
  using namespace glossa;
  auto read = parse_weight_index(text, "model.safetensors.index.json");
  if (!read.ok()) return;
  if (read.value().empty()) std::abort();
  for (const auto& [tensor, shard] : read.value())
    if (shard.empty() || shard.find_first_of(std::string("/\\\0", 3)) != std::string::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  config(text);
  index(text);
  glossa::Result<glossa::Json> json = glossa::Json::parse(text, "fuzz.json");
  if (json.ok()) {
    const std::string written = glossa::json_text(json.value());
    glossa::Result<glossa::Json> again = glossa::Json::parse(written, "fuzz.json");
    if (!again.ok() || glossa::json_text(again.value()) != written) std::abort();
  }
  return 0;
}
