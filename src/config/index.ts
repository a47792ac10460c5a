export { configJsonSchema, type Config, type ConfigInput } from './schema.js';
export { knownSettings } from './known.js';
export { checkRaw, LAB, labModelOf, loadConfig, parseConfig, type ResolvedConfig } from './load.js';
export { applyOverride, isSetting, parseOverride, parseWithin } from './overrides.js';
export { lossSettings } from './sections/loss.js';
export { settingsTable } from './table.js';
export type { DataSource } from './sections/data.js';
export { mixLanguages, modelWithDefaults, type LabModelSettings, type ModelSettings } from './sections/model.js';
