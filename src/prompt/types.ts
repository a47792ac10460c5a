import type { Language } from '../language/types.js';
import type { TemplateFile } from '../tokenizer/index.js';

/**
 * A message of a chat as Transformers takes it: who speaks (system, user, assistant, tool, or what the template knows), what
 * is said (a text, or parts of `{type, text}`), and what else the template reads: `tool_calls`, `tool_call_id`, `name`,
 * `reasoning_content`.
 */
export interface Message {
  role: string;
  content?: unknown;
  [field: string]: unknown;
}

/** A tool that the model may call, as a JSON schema: `{type: 'function', function: {name, description, parameters}}`. */
export type Tool = Record<string, unknown>;

/** What a model is asked. */
export interface Question {
  question: string;
  language: Language;
  /** The whole chat, where a row has one; then `question` is what the user says last. */
  messages?: readonly Message[] | undefined;
  /** Of a problem, to know it again in another language. */
  id?: string | undefined;
  answer?: string | undefined;
}

/** A question with what is said to it. */
export interface Example {
  question: string;
  answer: string;
}

/** Worked examples before each question. */
export interface FewShot {
  /** turns: of a chat; text: in one turn with the question. Without a chat template the two are one. */
  as: 'turns' | 'text';
  /** Those of a question. */
  of: (asked: Question) => readonly Example[];
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
  /** What a thought stands between: `auto`, a word of the problem's language, or the two; `<think>` where undefined. */
  think_tags?: 'auto' | readonly [open: string, close: string] | undefined;
  /** Of style template. */
  template?: TemplateFile | undefined;
  /** Of a suite that has some; none in training. */
  examples?: FewShot | undefined;
}

/** A prompt as the model gets it. */
export interface RenderedPrompt {
  text: string;
  ids: number[];
}
