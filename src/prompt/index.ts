export type { Message, PromptSettings } from './types.js';
export { renderPrompt } from './render.js';
