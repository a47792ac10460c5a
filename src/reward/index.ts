export { extractAnswer, gradeAnswer, type Answer } from './answer.js';
