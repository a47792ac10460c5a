export type { Message, PromptSettings, RenderedPrompt, Tool } from './types.js';
export { messageFault, toolsFault } from './messages.js';
export { promptConflicts } from './conflicts.js';
export { refuseEmpty, renderConversation, renderPrompt } from './render.js';
