// JavaScript requests as the engine's: checked, and pointing at the caller's own typed arrays.
#pragma once
#include "addon/arguments.h"
#include "engine/engine.h"

namespace glossa::addon {

struct LogprobRequest {
  SequenceBatch batch;
  LogprobSettings settings;
};
struct TrainRequest {
  TrainBatch batch;
  TrainSettings settings;
};

GenerateRequest generate_request(Napi::Value value, const EngineInfo& info, Pins* pins);
LogprobRequest logprob_request(Napi::Value value, const EngineInfo& info, Pins* pins);
TrainRequest grpo_request(Napi::Value value, const EngineInfo& info, Pins* pins);
TrainRequest supervised_request(Napi::Value value, const EngineInfo& info, Pins* pins);

}  // namespace glossa::addon
