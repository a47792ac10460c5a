import { Template } from '@huggingface/jinja';
import { GlossaError } from '../base/error.js';
import type { Language } from '../language/types.js';
import { controlPattern, splitAtControlTokens } from '../tokenizer/index.js';
import type { Tokenizer } from '../tokenizer/index.js';
import type { Message, PromptSettings } from './types.js';

/** What `{language}` in a system message is replaced by. */
const LANGUAGE_NAMES: Record<Language, string> = {
  en: 'English',
  ko: 'Korean',
  zh: 'Chinese',
  ja: 'Japanese',
  th: 'Thai',
  uk: 'Ukrainian',
};

/** Templates that date the conversation (Llama 3.2) get the date of their own fallback: a run must not depend on the day. */
const DATE_STRING = '26 Jul 2024';

/**
 * A question as the ids the model is given, and as text. Control tokens come from the template alone: a question that
 * spells one stays text. Errors: PROMPT_NO_TEMPLATE, PROMPT_TEMPLATE.
 */
export function renderPrompt(
  tokenizer: Tokenizer,
  question: string,
  language: Language,
  settings: PromptSettings,
): { text: string; ids: number[] } {
  const system = settings.system?.replaceAll('{language}', LANGUAGE_NAMES[language]);
  if (settings.style === 'plain') {
    const text = `${system === undefined ? '' : `${system}\n`}${question}\n`;
    return { text, ids: [...tokenizer.prefixIds, ...tokenizer.encode(text)] };
  }
  const messages: Message[] = [
    ...(system === undefined ? [] : [{ role: 'system', content: system } as const]),
    { role: 'user', content: question },
  ];
  return renderMessages(tokenizer, messages);
}

function renderMessages(tokenizer: Tokenizer, messages: readonly Message[]): { text: string; ids: number[] } {
  // Spellings of control tokens travel through the template as marks, so that it sees all other text as it is.
  const marks = new ControlMarks(tokenizer, messages);
  const rendered = applyTemplate(
    tokenizer,
    messages.map(({ role, content }) => ({ role, content: marks.hide(content) })),
  );
  const ids = splitAtControlTokens(rendered, tokenizer.controlTokens).flatMap((segment) =>
    'control' in segment ? [segment.control.id] : tokenizer.encode(marks.show(segment.text)),
  );
  return { text: marks.show(rendered), ids };
}

/** Replaces spellings of control tokens by marks of private-use characters that occur in none of the messages. */
class ControlMarks {
  private readonly spellings: string[] = [];
  private readonly open: string;
  private readonly pattern: RegExp | undefined;

  constructor(tokenizer: Tokenizer, messages: readonly Message[]) {
    this.pattern = controlPattern(tokenizer.controlTokens);
    let code = 0xe000;
    while (messages.some(({ content }) => content.includes(String.fromCharCode(code)))) code++;
    this.open = String.fromCharCode(code);
  }

  hide(content: string): string {
    if (this.pattern === undefined) return content;
    return content.replace(this.pattern, (spelling) => `${this.open}${this.spellings.push(spelling) - 1}${this.open}`);
  }

  show(text: string): string {
    return text.replace(
      new RegExp(`${this.open}(\\d+)${this.open}`, 'g'),
      (_, index) => this.spellings[Number(index)]!,
    );
  }
}

const templates = new WeakMap<Tokenizer, Template>();

function applyTemplate(tokenizer: Tokenizer, messages: readonly Message[]): string {
  if (tokenizer.chatTemplate === undefined) {
    throw new GlossaError('PROMPT_NO_TEMPLATE', 'prompt.style is chat, and the tokenizer has no chat template', {
      hint: 'set prompt.style to plain, or put chat_template.jinja beside tokenizer.json',
    });
  }
  try {
    let template = templates.get(tokenizer);
    if (template === undefined) {
      template = new Template(tokenizer.chatTemplate);
      templates.set(tokenizer, template);
    }
    return template.render({
      ...tokenizer.namedTokens,
      messages,
      add_generation_prompt: true,
      date_string: DATE_STRING,
    });
  } catch (cause) {
    throw new GlossaError('PROMPT_TEMPLATE', `the chat template cannot be rendered: ${(cause as Error).message}`, {
      hint: 'leave prompt.system out if the template knows no system message, or use prompt.style: plain',
      cause,
    });
  }
}
