export { TemplateFault } from './fault.js';
export { readJson } from './from_json.js';
export { compile, render, type GenerationMarks, type Template } from './template.js';
