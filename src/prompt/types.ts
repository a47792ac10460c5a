import type { TemplateFile } from '../tokenizer/index.js';

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** How a problem becomes ids. Names are those of the config's section `prompt`. */
export interface PromptSettings {
  /**
   * chat: the tokenizer's own chat template; plain: question and a newline; template: the user's own; raw: the question's text
   * alone, which `sample` and `eval` offer and a config does not.
   */
  style: 'chat' | 'plain' | 'template' | 'raw';
  /** System message or instruction; may hold `{language}`. */
  system?: string | undefined;
  /** Given to the template as `enable_thinking`; left to the template where undefined. */
  thinking?: boolean | undefined;
  /** What the model's thought begins with: a text, or `auto`, a sentence of the problem's language. */
  think_prefix?: string | undefined;
  /** Of style template. */
  template?: TemplateFile | undefined;
}

/** A prompt as the model gets it. */
export interface RenderedPrompt {
  text: string;
  ids: number[];
}
