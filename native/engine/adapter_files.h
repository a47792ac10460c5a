// Adapters in PEFT's layout: a folder with adapter_config.json and adapter_model.safetensors.
#pragma once
#include <memory>
#include <string>

#include "engine/state.h"
#include "io/safetensors.h"
#include "model/weight_source.h"

namespace glossa {

bool has_adapter(const std::string& dir);
// The folder of its base: `given`, or what adapter_config.json calls it. ADAPTER_BASE_MISSING where there is no model.
Result<std::string> base_of(const std::string& dir, const std::string& given);

// What a folder's adapters are: rank, alpha and scaling from its configuration, targets from the names of its tensors.
// ADAPTER_UNSUPPORTED, naming the file and the setting or tensor: what is not computed here (DoRA, ranks or alphas of
// their own for some layers, trained biases, embeddings or further modules, another kind of adapter). CONFIG_INVALID:
// what is missing or out of range. Codes of SafetensorsFile::open.
Result<LoraSettings> read_adapter_settings(const std::string& dir);

// The options' own, or those of the folder that they name. CHECKPOINT_MISMATCH where both are given and differ.
Result<LoraSettings> lora_settings(const EngineOptions&);

// The vector of masters from such a folder. CHECKPOINT_MISMATCH, naming file and tensor: one is missing, of another
// shape, or of a layer that the engine does not adapt.
Result<std::unique_ptr<WeightSource>> open_adapter(const Model&, const std::string& dir);

// A: uniform in +-1/sqrt(k), as PEFT draws it (Kaiming, a = sqrt 5); B: 0. A layer's draws depend on the seed and on
// which layer it is, not on what else is adapted.
class FreshAdapters : public WeightSource {
 public:
  FreshAdapters(const Model& model, uint64_t seed);
  Status read(int64_t offset, int64_t count, float* out) const override;

 private:
  const Model& model_;
  const uint64_t seed_;
  std::vector<uint32_t> keys_;  // of each tensor's layer
};

// Both files.
Result<WrittenFiles> save_adapter(const EngineState&, const std::string& dir);

// All weights, W + scale * B A in place of every adapted one: sums over the rank in float64, rounded once to float32.
Result<std::vector<float>> merged_weights(const EngineState&);

}  // namespace glossa
