export { dataFiles } from './data_files.js';
export { heldOutOf } from './hold_out.js';
export { checkBudget } from './budget.js';
export { hashInputs } from './hash_inputs.js';
export { tellLabProblems } from './lab_problems.js';
export { labSettings } from './lab_settings.js';
export { withLabTrial, type Pretraining } from './lab_trial.js';
export { baseOfRun } from './adapter_base.js';
export { checkpointsOf, locateInputs, runAsModel } from './locate.js';
export { longestForm } from './longest_form.js';
export { locateModel, type LocatedModel } from './located_model.js';
export { fitText, settingsThatFit } from './fit.js';
export {
  gpuAdvice,
  plannedRun,
  planOf,
  promptSizes,
  shortOfMemory,
  takenOf,
  type PlannedMemory,
  type PromptSizes,
} from './memory.js';
export { engineOptions, fitTogether, openModel, readConfigJson, trainsAdapters, type OpenModel } from './model.js';
export { openData, problemCount, type Inputs } from './problems.js';
export { recordedConfig } from './recorded_config.js';
export { loadSource, needsRows, sourcePath } from './sources.js';
export { loadSuite, suiteRemarks, type LoadedSuite, type Suite, type SuiteDefaults } from './suites.js';
