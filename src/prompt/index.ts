export type { FewShot, Message, PromptSettings, RenderedPrompt, Tool } from './types.js';
export { hintedPrompt, hintText } from './hint.js';
export { messageFault, textOf, toolsFault } from './messages.js';
export { promptConflicts } from './conflicts.js';
export {
  gap,
  refuseEmpty,
  renderConversation,
  renderPrompt,
  renderQuestion,
  thinkTags,
  type Rendering,
} from './render.js';
export { renderSpoken } from './spans.js';
