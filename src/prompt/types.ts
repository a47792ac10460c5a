export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}
/** How a problem becomes ids. `style` chat: the tokenizer's own chat template; plain: question and a newline. */
export interface PromptSettings {
  style: 'chat' | 'plain';
  /** Optional system message or instruction; may hold `{language}`. */
  system?: string | undefined;
}
// src/prompt/index.ts: renderPrompt(tokenizer, question, language, settings): { text: string; ids: number[] }
