export * from './types.js';
export { demoRecipe } from './recipe.js';
export { generateProblems, tellProblem } from './problems.js';
