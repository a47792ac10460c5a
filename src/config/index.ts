export { configJsonSchema, type Config, type ConfigInput } from './schema.js';
export { checkRaw, labModelOf, loadConfig, parseConfig, type ResolvedConfig } from './load.js';
export { applyOverride, parseOverride } from './overrides.js';
export { settingsTable } from './table.js';
export type { DataSource, EvalSource } from './sections/data.js';
export type { LabModelSettings, ModelSettings } from './sections/model.js';
