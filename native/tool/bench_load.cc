// `glossa-native bench load`: seconds to load a model whose files are in the page cache, and the most memory it took
// beside what its weights take in the compute type. Without DIR a bfloat16 file of Qwen2.5-0.5B's shape (494 M
// parameters, 988 MB) is made for it and removed again.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "engine/engine.h"
#include "engine/state.h"
#include "io/atomic_file.h"
#include "io/safetensors.h"
#include "tool/bench.h"
#include "tool/command.h"

namespace glossa::tool {
namespace {

constexpr char kQwen[] = R"({"architectures":["Qwen2ForCausalLM"],"model_type":"qwen2","hidden_size":896,
  "intermediate_size":4864,"num_hidden_layers":24,"num_attention_heads":14,"num_key_value_heads":2,"vocab_size":151936,
  "max_position_embeddings":32768,"rms_norm_eps":1e-6,"rope_theta":1000000.0,"tie_word_embeddings":true})";

Status make_folder(const std::string& dir) {
  Result<ModelConfig> config = parse_model_config(kQwen, "Qwen2.5-0.5B");
  if (!config.ok()) return config.status();
  const std::vector<TensorSpec> specs = tensor_specs(config.value());
  int64_t largest = 0;
  auto elements = [](const TensorSpec& t) { return t.shape[0] * (t.shape.size() > 1 ? t.shape[1] : 1); };
  for (const TensorSpec& t : specs) largest = std::max(largest, elements(t));
  const std::vector<uint16_t> block = random_bf16(1 << 20, 1);
  std::vector<uint16_t> values;
  while (static_cast<int64_t>(values.size()) < largest) values.insert(values.end(), block.begin(), block.end());
  std::vector<TensorToWrite> tensors;
  for (const TensorSpec& t : specs) tensors.push_back({t.name, "BF16", t.shape, values.data()});
  if (Status s = write_safetensors(dir + "/model.safetensors", tensors, {}); !s.ok()) return s;
  return write_file_atomic(dir + "/config.json", kQwen, sizeof kQwen - 1);
}

// A line of /proc/self/status in bytes; 0 where there is no such thing.
double memory(const char* field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind(field, 0) == 0) return std::atof(line.c_str() + std::string(field).size() + 1) * 1024;
  return 0;
}
void forget_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

int bench(const std::string& dir, const EngineOptions& options, int reps) {
  for (int i = 0; i < reps; ++i) {
    forget_peak();
    const double before = memory("VmRSS:"), start = seconds_now();
    Result<std::unique_ptr<Engine>> engine = Engine::load(dir, options);
    const double seconds = seconds_now() - start, peak = memory("VmHWM:") - before;
    if (!engine.ok()) {
      std::fprintf(stderr, "%s\n", engine.status().message().c_str());
      return 1;
    }
    const EngineInfo info = engine.value()->info();
    const double weights = static_cast<double>(info.parameters * dtype_bytes(options.dtype));
    std::printf("%s, %s, %d threads: %.2f s, %.2f GB/s of weights; peak %.0f MB, %.2f x the weights' %.0f MB\n",
                info.frozen ? "frozen" : "trainable", info.dtype.c_str(), info.threads, seconds,
                weights / seconds / 1e9, peak / 1e6, peak / weights, weights / 1e6);
  }
  return 0;
}

}  // namespace

COMMAND("bench load", "[DIR] [--trainable] [--dtype f32|bf16] [--threads n] [--reps n]",
        "seconds and memory to load a model, without DIR one of the shape of Qwen2.5-0.5B") {
  EngineOptions options;
  options.frozen = !args.has("--trainable");
  options.dtype = args.text("--dtype", "bf16") == "f32" ? Dtype::f32 : Dtype::bf16;
  options.threads = args.number("--threads", 0);
  const int reps = args.number("--reps", 3);
  if (!args.words().empty()) return bench(args.words()[0], options, reps);
  const std::filesystem::path made =
      std::filesystem::temp_directory_path() / ("glossa-bench-load-" + std::to_string(getpid()));
  std::filesystem::create_directories(made);
  int code = 1;
  if (Status s = make_folder(made.string()); s.ok())
    code = bench(made.string(), options, reps);
  else
    std::fprintf(stderr, "%s\n", s.message().c_str());
  std::filesystem::remove_all(made);
  return code;
}

}  // namespace glossa::tool
