export * from './types.js';
export { demoRecipe } from './recipe.js';
export { generateProblems, tellProblem } from './problems.js';
export { trainTokenizer, writeTokenizer, END_OF_TEXT, END_OF_TEXT_ID } from './tokenizer-files.js';
