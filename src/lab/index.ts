export * from './types.js';
export { generateProblems } from './problems.js';
export { isPretrained, pretrainLab, recipeHash } from './pretrain.js';
export { demoRecipe } from './recipe.js';
export { labSettingsSchema } from './settings_schema.js';
export { PRETRAIN_RATES } from './sizes.js';
export { trainTokenizer } from './tokenizer_files.js';
