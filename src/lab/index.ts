export * from './types.js';
export { demoRecipe } from './recipe.js';
