#include "engine/adapter_files.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/philox.h"
#include "engine/stored_part.h"
#include "io/atomic_file.h"
#include "io/json.h"
#include "io/read_file.h"
#include "model/settings.h"

namespace glossa {
namespace {

constexpr char kConfig[] = "adapter_config.json", kTensors[] = "adapter_model.safetensors";

Status unsupported(const std::string& where, const std::string& what) {
  return Status("ADAPTER_UNSUPPORTED", where + ": " + what);
}

Result<Json> read_json(const std::string& path) {
  Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.status();
  return Json::parse(text.value(), path);
}

// A setting that would change what is computed, and is not off.
Status check_plain(const Json& json, const std::string& where) {
  auto on = [](const Json& v) {
    switch (v.kind) {
      case Json::Kind::null:
        return false;
      case Json::Kind::boolean:
        return v.boolean;
      case Json::Kind::array:
        return !v.array.empty();
      case Json::Kind::object:
        return !v.object.empty();
      default:
        return true;
    }
  };
  for (const char* key : {"use_dora", "use_qalora", "use_bdlora", "fan_in_fan_out", "lora_bias", "modules_to_save",
                          "rank_pattern", "alpha_pattern", "layer_replication", "trainable_token_indices",
                          "target_parameters", "megatron_config", "alora_invocation_tokens"})
    if (const Json* v = json.find(key); v && on(*v))
      return unsupported(where,
                         std::string(key) + " is set, which is not computed here; expected a plain LoRA adapter");
  const Json* bias = json.find("bias");
  if (bias && !bias->is_null() && bias->string != "none")
    return unsupported(where,
                       "bias is " + shown(*bias) + "; biases of an adapter are not computed here, expected none");
  const Json* type = json.find("peft_type");
  if (!type || type->string != "LORA")
    return unsupported(where, "peft_type is " + (type ? shown(*type) : std::string("missing")) + "; expected LORA");
  return {};
}

// Which layer of which kind: a number that no other layer has, whatever is adapted.
std::vector<uint32_t> layer_keys(const Model& m) {
  std::vector<uint32_t> keys;
  for (const TensorSpec& t : m.adapters.tensors) {
    const std::string name = adapted_layer(t.name) + ".weight";
    const auto at =
        std::find_if(m.tensors.begin(), m.tensors.end(), [&](const TensorSpec& b) { return b.name == name; });
    keys.push_back(static_cast<uint32_t>(at - m.tensors.begin()));
  }
  return keys;
}

// The names of the adapted layers: the last part of each where every layer has it, as PEFT writes them, else whole.
std::string target_modules(const Model& m) {
  std::vector<std::string> layers, kinds;
  for (const TensorSpec& t : m.adapters.tensors)
    if (const std::string name = adapted_layer(t.name); std::find(layers.begin(), layers.end(), name) == layers.end())
      layers.push_back(name);
  for (const std::string& l : layers)
    if (const std::string kind = l.substr(l.rfind('.') + 1); std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
      kinds.push_back(kind);
  const bool everywhere = layers.size() == kinds.size() * m.layers.size();
  std::string text;
  for (const std::string& name : everywhere ? kinds : layers) text += (text.empty() ? "" : ", ") + json_quote(name);
  return "[" + text + "]";
}

std::string config_json(const EngineState& e) {
  const LoraSettings& s = e.lora;
  char alpha[40];
  std::snprintf(alpha, sizeof alpha, "%.17g", s.alpha);
  const std::vector<std::pair<const char*, std::string>> lines = {
      {"base_model_name_or_path", e.base_name.empty() ? "null" : json_quote(e.base_name)},
      {"bias", "\"none\""},
      {"fan_in_fan_out", "false"},
      {"inference_mode", "true"},
      {"init_lora_weights", "true"},
      {"lora_alpha", alpha},
      {"lora_dropout", "0.0"},
      {"modules_to_save", "null"},
      {"peft_type", "\"LORA\""},
      {"r", std::to_string(s.rank)},
      {"target_modules", target_modules(e.model)},
      {"task_type", "\"CAUSAL_LM\""},
      {"use_dora", "false"},
      {"use_rslora", s.rslora ? "true" : "false"}};
  std::string out = "{";
  for (const auto& [key, value] : lines) out += (out.size() > 1 ? "," : "") + ("\n  " + json_quote(key)) + ": " + value;
  return out + "\n}\n";
}

void merge(const Model& m, int64_t matrix, const float* adapters, float* weights) {
  const AdaptedMatrix& w = m.adapters.matrices[static_cast<size_t>(matrix)];
  const MatrixSpec& spec = m.matrices[static_cast<size_t>(matrix)];
  const int64_t rank = m.adapters.rank, k = spec.k;
  const double scale = static_cast<double>(m.adapters.scale);
  std::vector<double> row(static_cast<size_t>(k));
  for (const AdaptedRows& part : w.parts)
    for (int64_t n = 0; n < part.rows; ++n) {
      std::fill(row.begin(), row.end(), 0.0);
      for (int64_t r = 0; r < rank; ++r) {
        const double b = static_cast<double>(adapters[part.b + n * rank + r]);
        const float* a = adapters + w.a + (part.column + r) * k;
        for (int64_t j = 0; j < k; ++j) row[static_cast<size_t>(j)] += b * static_cast<double>(a[j]);
      }
      float* to = weights + spec.offset + (part.row0 + n) * k;
      for (int64_t j = 0; j < k; ++j)
        to[j] = static_cast<float>(static_cast<double>(to[j]) + scale * row[static_cast<size_t>(j)]);
    }
}

class AdapterSource : public WeightSource {
 public:
  AdapterSource(const Model& m, std::unique_ptr<SafetensorsFile> file)
      : file_(std::move(file)), part_(m.adapters.tensors, *file_, "") {}
  Status check(const Model& m) const {
    if (Status s = part_.check(); !s.ok()) return s;
    for (const StoredTensor& t : file_->tensors())
      if (std::none_of(m.adapters.tensors.begin(), m.adapters.tensors.end(),
                       [&](const TensorSpec& known) { return known.name == t.name; }))
        return Status("CHECKPOINT_MISMATCH", file_->path() + ": tensor " + t.name +
                                                 " belongs to no layer that is adapted here; lora.targets must name "
                                                 "the layers that the adapter was made for");
    return {};
  }
  Status read(int64_t offset, int64_t count, float* out) const override { return part_.read(offset, count, out); }

 private:
  const std::unique_ptr<SafetensorsFile> file_;
  const StoredPart part_;
};

}  // namespace

bool has_adapter(const std::string& dir) {
  return ::access((dir + "/" + kConfig).c_str(), F_OK) == 0;
}

Result<std::string> base_of(const std::string& dir, const std::string& given) {
  const std::string where = dir + "/" + kConfig;
  std::string base = given;
  if (base.empty()) {
    Result<Json> json = read_json(where);
    if (!json.ok()) return json.status();
    if (const Json* name = json.value().find("base_model_name_or_path")) base = name->string;
  }
  if (::access((base + "/config.json").c_str(), F_OK) == 0) return base;
  return Status("ADAPTER_BASE_MISSING", where + ": an adapter of " +
                                            (base.empty() ? "a model that it does not name" : base) +
                                            ", which is not the folder of a model here (config.json, weights)");
}

Result<LoraSettings> read_adapter_settings(const std::string& dir) {
  const std::string where = dir + "/" + kConfig;
  Result<Json> json = read_json(where);
  if (!json.ok()) return json.status();
  if (Status s = check_plain(json.value(), where); !s.ok()) return s;
  Settings settings(json.value(), where);
  LoraSettings out;
  out.rank = settings.integer("r", 1, kMostRank);
  out.alpha = settings.real("lora_alpha", 0, 1e6, 8);
  out.rslora = settings.boolean("use_rslora", false);
  if (!settings.status().ok()) return settings.status();
  Result<std::unique_ptr<SafetensorsFile>> file = SafetensorsFile::open(dir + "/" + kTensors);
  if (!file.ok()) return file.status();
  for (const StoredTensor& t : file.value()->tensors()) {
    const std::string layer = adapted_layer(t.name);
    if (layer.empty())
      return unsupported(file.value()->path(),
                         "tensor " + t.name + " is none of a plain LoRA adapter's (lora_A, lora_B)");
    if (std::find(out.targets.begin(), out.targets.end(), layer) == out.targets.end()) out.targets.push_back(layer);
  }
  return out;
}

Result<LoraSettings> lora_settings(const EngineOptions& options) {
  if (options.adapter.empty()) return options.lora;
  Result<LoraSettings> stored = read_adapter_settings(options.adapter);
  if (!stored.ok()) return stored;
  LoraSettings& s = stored.value();
  const LoraSettings& asked = options.lora;
  if (!asked.any()) return stored;
  auto differs = [&](const char* what, double here, double there) {
    char numbers[96];
    std::snprintf(numbers, sizeof numbers, " %g, and lora asks for %g", there, here);
    return Status("CHECKPOINT_MISMATCH", options.adapter + "/" + kConfig + ": " + what + numbers);
  };
  if (asked.rank != s.rank) return differs("r is", static_cast<double>(asked.rank), static_cast<double>(s.rank));
  if (asked.alpha != s.alpha) return differs("lora_alpha is", asked.alpha, s.alpha);
  if (asked.rslora != s.rslora) return differs("use_rslora is", asked.rslora, s.rslora);
  return asked;
}

Result<std::unique_ptr<WeightSource>> open_adapter(const Model& m, const std::string& dir) {
  Result<std::unique_ptr<SafetensorsFile>> file = SafetensorsFile::open(dir + "/" + kTensors);
  if (!file.ok()) return file.status();
  auto source = std::make_unique<AdapterSource>(m, file.take());
  if (Status s = source->check(m); !s.ok()) return s;
  return std::unique_ptr<WeightSource>(std::move(source));
}

FreshAdapters::FreshAdapters(const Model& model, uint64_t seed)
    : model_(model), seed_(seed), keys_(layer_keys(model)) {}

Status FreshAdapters::read(int64_t offset, int64_t count, float* out) const {
  constexpr uint32_t kAdapter = 0x6c6f7261;
  return for_each_part(model_.adapters.tensors, offset, count,
                       [&](int64_t first, int64_t n, int64_t within, size_t tensor) {
                         const TensorSpec& t = model_.adapters.tensors[tensor];
                         if (!t.name.ends_with(".lora_A.weight")) {
                           std::fill_n(out + first, n, 0.0f);
                           return Status();
                         }
                         const float bound = static_cast<float>(1 / std::sqrt(static_cast<double>(t.shape[1])));
                         for (int64_t i = 0; i < n; ++i) {
                           const uint64_t at = static_cast<uint64_t>(within + i);
                           const Philox4 r = philox4x32(seed_, static_cast<uint32_t>(at / 4),
                                                        static_cast<uint32_t>(at / 4 >> 32), keys_[tensor], kAdapter);
                           out[first + i] = bound * (2 * philox_uniform(r.v[at % 4]) - 1);
                         }
                         return Status();
                       });
}

Result<WrittenFiles> save_adapter(const EngineState& e, const std::string& dir) {
  WrittenFiles written = {{kConfig, ""}, {kTensors, ""}};
  const std::string text = config_json(e);
  Status status = e.device->read({e.master.data()}, e.model.adapters.parameters, [&](const float* masters) {
    std::vector<TensorToWrite> tensors;
    for (const TensorSpec& t : e.model.adapters.tensors)
      tensors.push_back({t.name, "F32", t.shape, masters + t.offset});
    return write_safetensors(dir + "/" + kTensors, tensors, {}, &written[1].sha256);
  });
  if (status.ok())
    status = write_file_atomic(dir + "/" + kConfig, text.data(), static_cast<int64_t>(text.size()), &written[0].sha256);
  if (!status.ok()) return status;
  return written;
}

Result<std::vector<float>> merged_weights(const EngineState& e) {
  const Model& m = e.model;
  Result<std::unique_ptr<WeightSource>> base = e.open_base();
  if (!base.ok()) return base.status();
  std::vector<float> weights(static_cast<size_t>(m.parameters)), adapters(static_cast<size_t>(m.adapters.parameters));
  constexpr int64_t kPiece = 1 << 18;
  Status status = run_fallible(*e.device, (m.parameters + kPiece - 1) / kPiece, [&](int64_t task, int) {
    const int64_t at = task * kPiece;
    return base.value()->read(at, std::min(kPiece, m.parameters - at), weights.data() + at);
  });
  if (!status.ok()) return status;
  e.device->download(adapters.data(), e.master.data(), m.adapters.parameters * 4);
  e.device->on_host(static_cast<int64_t>(m.adapters.matrices.size()),
                    [&](int64_t matrix, int) { merge(m, matrix, adapters.data(), weights.data()); });
  return weights;
}

}  // namespace glossa
