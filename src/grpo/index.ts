export { computeAdvantages } from './advantages.js';
