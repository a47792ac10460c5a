export type { Message, PromptSettings, RenderedPrompt } from './types.js';
export { promptConflicts } from './conflicts.js';
export { renderConversation, renderPrompt } from './render.js';
