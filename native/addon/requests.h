// JavaScript requests as the engine's: checked, and their arrays kept in `inputs`.
#pragma once
#include "addon/arguments.h"
#include "engine/memory_plan.h"

namespace glossa::addon {

struct LogprobRequest {
  SequenceBatch batch;
  LogprobSettings settings;
};
struct TrainRequest {
  TrainBatch batch;
  TrainSettings settings;
};

GenerateRequest generate_request(Napi::Value value, const EngineInfo& info, Inputs* inputs);
LogprobRequest logprob_request(Napi::Value value, const EngineInfo& info, Inputs* inputs);
// The losses that a GRPO step may have, one object for each row of the table.
Napi::Value loss_table(Napi::Env env);
PlannedRun planned_run(Napi::Value value, const std::string& where);
TrainRequest grpo_request(Napi::Value value, const EngineInfo& info, Inputs* inputs);
TrainRequest supervised_request(Napi::Value value, const EngineInfo& info, Inputs* inputs);

}  // namespace glossa::addon
