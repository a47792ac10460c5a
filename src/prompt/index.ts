export type { FewShot, Message, PromptSettings, RenderedPrompt, Tool } from './types.js';
export { messageFault, textOf, toolsFault } from './messages.js';
export { promptConflicts } from './conflicts.js';
export { gap, refuseEmpty, renderConversation, renderPrompt, renderQuestion } from './render.js';
