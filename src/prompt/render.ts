import { defined } from '../base/defined.js';
import { GlossaError } from '../base/error.js';
import { LANGUAGE_TABLE, languageName } from '../language/index.js';
import type { Language } from '../language/types.js';
import type { Stretch, TemplateFile, Tokenizer } from '../tokenizer/index.js';
import { ControlMarks } from './control_marks.js';
import { normalMessage, textOf } from './messages.js';
import { renderTemplate } from './template.js';
import type { Example, Message, PromptSettings, Question, RenderedPrompt, Tool } from './types.js';

/**
 * A question as the ids the model is given, and as text. Control tokens come from the template alone: a question that
 * spells one stays text. Errors: PROMPT_NO_TEMPLATE, PROMPT_TEMPLATE, PROMPT_THINKING.
 */
export async function renderPrompt(
  tokenizer: Tokenizer,
  question: string,
  language: Language,
  settings: PromptSettings,
  tools?: readonly Tool[],
): Promise<RenderedPrompt> {
  return renderQuestion(tokenizer, { question, language }, settings, tools);
}

/** As {@link renderPrompt}, of a problem, which may be a chat and may have examples before it. */
export async function renderQuestion(
  tokenizer: Tokenizer,
  asked: Question,
  settings: PromptSettings,
  tools?: readonly Tool[],
): Promise<RenderedPrompt> {
  const { question, language } = asked;
  const system = settings.system?.replaceAll('{language}', languageName(language));
  const examples = settings.examples?.of(asked) ?? [];
  if (settings.style === 'raw') {
    const text = blocks(examples, asked, (example) => `${example.question}${gap(example.question)}${example.answer}`);
    return { text, ids: await tokenizer.encode(text) };
  }
  const inText = (before: readonly Example[]) =>
    blocks(before, asked, (example) => `${example.question}\n${example.answer}`);
  if (settings.style === 'plain') {
    const text = `${system === undefined ? '' : `${system}\n`}${inText(examples)}\n${prefixOf(settings, language) ?? ''}`;
    return { text, ids: [...tokenizer.prefixIds, ...(await tokenizer.encode(text))] };
  }
  const turns = asked.messages !== undefined || settings.examples?.as !== 'text' ? examples : [];
  const chat = asked.messages ?? [{ role: 'user', content: turns === examples ? question : inText(examples) }];
  const opening = chat.filter(({ role }, i) => i === 0 && ['system', 'developer'].includes(role));
  const messages: Message[] = [
    ...(system === undefined || opening.length > 0 ? opening : [{ role: 'system', content: system } as const]),
    ...turns.flatMap((example) => [
      { role: 'user', content: example.question },
      { role: 'assistant', content: example.answer },
    ]),
    ...chat.slice(opening.length),
  ];
  return renderMessages(tokenizer, messages, {
    template: settings.style === 'template' ? settings.template! : chatTemplateOf(tokenizer),
    thinking: settings.thinking,
    prefix: prefixOf(settings, language),
    tags: thinkTags(settings, language),
    tools,
    ...(settings.style === 'template' && {
      texts: { question, ...defined({ system }) },
      variables: { language: languageName(language), language_code: language },
    }),
  });
}

function prefixOf({ think_prefix: prefix }: PromptSettings, language: Language): string | undefined {
  return prefix === 'auto' ? LANGUAGE_TABLE[language].thinkPrefix : prefix;
}

/** What a thought stands between, where the settings say it. */
export function thinkTags(
  { think_tags: tags }: Pick<PromptSettings, 'think_tags'>,
  language: Language,
): readonly [open: string, close: string] | undefined {
  if (tags !== 'auto') return tags;
  const { thinkWord } = LANGUAGE_TABLE[language];
  return [`<${thinkWord}>`, `</${thinkWord}>`];
}

/** Examples, then the question, or what is said in its chat; an empty line between them. */
function blocks(
  examples: readonly Example[],
  { question, messages }: Question,
  example: (one: Example) => string,
): string {
  return [...examples.map(example), messages?.map(textOf).join('\n') ?? question].join('\n\n');
}

/** What stands between a text and the word that goes on with it. */
export const gap = (text: string): string => (/\s$/.test(text) || text === '' ? '' : ' ');

/**
 * A conversation by the tokenizer's chat template (or another one), with or without what makes the model answer next. Marks
 * that are part of an answer's text, such as `<think>`, stay what they are. Errors as {@link renderPrompt}.
 */
export async function renderConversation(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  { template = chatTemplateOf(tokenizer), ...rendering }: Partial<Rendering> = {},
): Promise<RenderedPrompt> {
  return renderMessages(tokenizer, messages, { template, ...rendering });
}

/**
 * @param place What was rendered.
 * @throws GlossaError PROMPT_EMPTY where a prompt has no token: a model continues something.
 */
export function refuseEmpty({ ids }: Pick<RenderedPrompt, 'ids'>, place: string): void {
  if (ids.length > 0) return;
  throw new GlossaError('PROMPT_EMPTY', `${place} has not a single token`, {
    hint: 'write a prompt, or look at the template: does it write the question?',
  });
}

export interface Rendering {
  template: TemplateFile;
  thinking?: boolean | undefined;
  /** Ends with what makes the model answer. Default: true. */
  generationPrompt?: boolean;
  /** What the model may call. */
  tools?: readonly Tool[] | undefined;
  /** What the thought begins with. */
  prefix?: string | undefined;
  /** That the thought stands between; it is opened where they are given. */
  tags?: readonly [open: string, close: string] | undefined;
  /** Variables for the template beside the messages: texts, whose control tokens are hidden, and others. */
  texts?: Record<string, string>;
  variables?: Record<string, unknown>;
}

async function renderMessages(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  rendering: Rendering,
): Promise<RenderedPrompt> {
  const { stretches } = renderStretches(tokenizer, messages, rendering);
  return { text: stretches.map((stretch) => stretch.text).join(''), ids: await tokenizer.encodeStretches(stretches) };
}

/** A conversation as a template writes it. */
export interface RenderedStretches {
  stretches: Stretch[];
  /** What stands within `{% generation %}`: places in the text of the stretches, end to end. */
  generated: { begin: number; end: number }[];
}

export function renderStretches(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  { template, thinking, generationPrompt = true, tools, prefix, tags, texts = {}, variables = {} }: Rendering,
): RenderedStretches {
  if (thinking !== undefined && !template.text.includes('enable_thinking')) {
    throw new GlossaError(
      'PROMPT_THINKING',
      `prompt.thinking is ${String(thinking)}, and the template of ${template.path} knows no enable_thinking`,
      { hint: 'leave prompt.thinking out: this model has no such switch' },
    );
  }
  const given = { ...texts, messages: messages.map(normalMessage), tools: tools ?? null };
  const marks = new ControlMarks(tokenizer, [given, prefix ?? '', tags?.[0] ?? ''], template.text);
  const others = {
    ...{ ...tokenizer.namedTokens, ...variables, documents: null, add_generation_prompt: generationPrompt },
    ...(thinking !== undefined && { enable_thinking: thinking }),
  };
  const marked = renderTemplate(template, { ...others, ...marks.hide(given) }, marks.characters, marks.generation);
  const pieces = marked.split(new RegExp(marks.generation.join('|')));
  let rendered = pieces.join('');
  if (marks.used || pieces.length > 1)
    checkMarks(template, renderTemplate(template, { ...others, ...given }), marks.show(rendered));
  if (prefix !== undefined || tags !== undefined)
    rendered = beginThought(rendered, marks.hide(prefix ?? ''), tags === undefined ? undefined : marks.hide(tags[0]));
  if (pieces.length === 1) return { stretches: marks.show(rendered), generated: [] };
  // Pieces of a generation lie between others: before, generated, between, generated, ...
  const ends = pieces.map((_, i) => lengthOf(marks.show(pieces.slice(0, i + 1).join(''))));
  const generated = pieces.flatMap((_, i) => (i % 2 === 1 ? [{ begin: ends[i - 1]!, end: ends[i]! }] : []));
  return { stretches: marks.show(rendered), generated };
}

const lengthOf = (stretches: readonly Stretch[]): number => stretches.reduce((sum, { text }) => sum + text.length, 0);

/** Marks must not change what is rendered: a template that counts characters, or looks for a token's spelling, sees them. */
function checkMarks(template: TemplateFile, plain: string, stretches: readonly Stretch[]): void {
  if (stretches.map(({ text }) => text).join('') === plain) return;
  throw new GlossaError(
    'PROMPT_TEMPLATE',
    `${template.path}: the chat template cuts or counts a text that spells a control token, or what it marks as generated, so that they cannot be told from what is around them`,
    { hint: 'take the spelling out of the text, or use prompt.style: plain' },
  );
}

/** Behind the think tag that the template has opened last, or behind one that is opened here; `open` takes its place. */
function beginThought(rendered: string, prefix: string, open: string | undefined): string {
  if (open !== undefined) return `${rendered.replace(/<think>\s*$/, '')}${open}\n${prefix}`;
  return `${rendered}${/<think>\s*$/.test(rendered) ? '' : '<think>\n'}${prefix}`;
}

function chatTemplateOf({ chatTemplate }: Tokenizer): TemplateFile {
  if (chatTemplate !== undefined) return chatTemplate;
  throw new GlossaError('PROMPT_NO_TEMPLATE', 'prompt.style is chat, and the tokenizer has no chat template', {
    hint: 'set prompt.style to plain, put chat_template.jinja beside tokenizer.json, or name a template with prompt.template',
  });
}
