export { configJsonSchema, type Config, type ConfigInput } from './schema.js';
export { knownSettings } from './known.js';
export { isPlain, resolveFiles } from './files.js';
export {
  checkRaw,
  LAB,
  labModelOf,
  loadConfig,
  parseConfig,
  readConfigText,
  readConfigYaml,
  type ResolvedConfig,
} from './load.js';
export { locate, pathText, type ConfigPath } from './locate.js';
export { applyOverride, isSetting, parseOverride, parseWithin, settingPath, type Override } from './overrides.js';
export { loadRewards } from './rewards_file.js';
export type { YamlText } from './yaml.js';
export { isFiltered } from './sections/grpo.js';
export { lossSettings } from './sections/loss.js';
export { hubFile, suiteSettings, type SuiteSettings } from './suites.js';
export { settingsTable } from './table.js';
export { checkLearningRate } from './check_schedule.js';
export { optimizerSteps, warmupSteps } from './steps.js';
export type { SftSettings } from './sections/sft.js';
export type { DataSource, EvalSource, ExamplesSource } from './sections/data.js';
export { mixLanguages, modelWithDefaults, type LabModelSettings, type ModelSettings } from './sections/model.js';
