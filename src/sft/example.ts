import { GlossaError } from '../base/error.js';
import { exactText, fieldOf, InexactNumber } from '../data/index.js';
import type { DataSource, SftSettings } from '../config/index.js';
import { LANGUAGES, type Language } from '../language/types.js';
import {
  messageFault,
  renderConversation,
  renderQuestion,
  renderSpoken,
  textOf,
  toolsFault,
  type Message,
  type PromptSettings,
  type Rendering,
  type Tool,
} from '../prompt/index.js';
import { languageName } from '../language/index.js';
import type { TemplateFile, Tokenizer } from '../tokenizer/types.js';

/** What is learnt from: ids, and which of them carry loss. */
export interface Example {
  /** Context: at least one id. */
  promptIds: Int32Array;
  /** From the first id that has loss to the last. */
  completionIds: Int32Array;
  /** As long as completionIds, 1 where an id has loss; undefined: all have. */
  completionMask: Uint8Array | undefined;
  language: Language | undefined;
}

/** How rows become examples. */
export interface ExampleContext {
  tokenizer: Tokenizer;
  prompt: PromptSettings;
  loss: Pick<SftSettings, 'completion_only_loss' | 'assistant_only_loss'>;
  source: Pick<DataSource, 'fields' | 'language'>;
}

/** Ids of a whole row, and where they carry loss. */
export interface LearntIds {
  ids: number[];
  learnt: Uint8Array;
}

type Row = Record<string, unknown>;

/** Why a row is no example. */
export class BadRow extends Error {}

/**
 * The ids of a row; null where it is of another language than asked for. A row has, the first that is there: `messages` (and
 * `tools`); `prompt` and `completion`, two texts or two lists of messages; `text`; `question` and `solution` (else `answer`).
 *
 * @throws BadRow; GlossaError of template and tokenizer.
 */
export async function readLearntIds(
  row: unknown,
  context: ExampleContext,
): Promise<(LearntIds & { language: Language | undefined }) | null> {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) throw new BadRow('expected an object');
  const record = row as Row;
  const language = languageOf(record, context.source);
  if (language === null) return null;
  return { ...(await idsOf(record, language, context)), language };
}

async function idsOf(row: Row, language: Language | undefined, context: ExampleContext): Promise<LearntIds> {
  const { fields } = context.source;
  const named = fields?.question !== undefined || fields?.solution !== undefined || fields?.answer !== undefined;
  const has = (name: string) => row[name] !== undefined && row[name] !== null;
  if (!named) {
    if (has('messages')) return ofMessages(row, language, context);
    if (has('prompt') && has('completion')) return ofPair(row, language, context);
    if (has('text')) return ofText(textIn(row, 'text'), context);
  }
  if (named || has('question')) return ofProblem(row, language, context);
  throw new BadRow(
    `expected messages, prompt and completion, text, or question and solution; the row has ${Object.keys(row).slice(0, 12).join(', ') || 'no fields'}`,
  );
}

async function ofMessages(row: Row, language: Language | undefined, context: ExampleContext): Promise<LearntIds> {
  const messages = chatIn(row['messages'], 'messages');
  return ofChat(messages, 0, context.loss.assistant_only_loss, toolsIn(row), language, context);
}

async function ofPair(row: Row, language: Language | undefined, context: ExampleContext): Promise<LearntIds> {
  const { tokenizer, loss } = context;
  const { prompt, completion } = row;
  if (Array.isArray(prompt) !== Array.isArray(completion))
    throw new BadRow('prompt and completion must both be texts, or both lists of messages');
  if (Array.isArray(prompt)) {
    const asked = chatIn(prompt, 'prompt');
    const messages = [...asked, ...chatIn(completion, 'completion')];
    return ofChat(messages, asked.length, loss.completion_only_loss, toolsIn(row), language, context);
  }
  const before = [...tokenizer.prefixIds, ...(await tokenizer.encode(textIn(row, 'prompt')))];
  if (before.length === 0) throw new BadRow('prompt has not a single token');
  return answered(before, textIn(row, 'completion'), context);
}

async function ofText(text: string, { tokenizer }: ExampleContext): Promise<LearntIds> {
  const ids = [...tokenizer.prefixIds, ...(await tokenizer.encode(text)), ...endOf(tokenizer)];
  return { ids, learnt: new Uint8Array(ids.length).fill(1) };
}

async function ofProblem(row: Row, language: Language | undefined, context: ExampleContext): Promise<LearntIds> {
  const { tokenizer, prompt } = context;
  const { fields = {} } = context.source;
  const names = {
    question: fields.question ?? 'question',
    solution: fields.solution ?? 'solution',
    answer: fields.answer ?? 'answer',
  };
  const asked = fieldOf(row, names.question);
  const solution = fieldOf(row, names.solution) ?? undefined;
  const answer =
    solution === undefined ? textIn(row, names.answer, { or: names.solution }) : textIn(row, names.solution);
  const chat = Array.isArray(asked) ? chatIn(asked, names.question) : undefined;
  const question = chat === undefined ? textIn(row, names.question) : textOf(chat.at(-1)!);
  const byTemplate = prompt.style === 'chat' || prompt.template?.text.includes('messages') === true;
  if (byTemplate) {
    const messages = [...(chat ?? [{ role: 'user', content: question }]), { role: 'assistant', content: answer }];
    const { completion_only_loss: only } = context.loss;
    return ofChat(messages, messages.length - 1, only, undefined, language, context);
  }
  if (language === undefined && (prompt.system?.includes('{language}') === true || prompt.style === 'template'))
    throw new BadRow('has no language, and the prompt names it; give the file a `language`');
  const rendered = await renderQuestion(
    tokenizer,
    { question, language: language ?? 'en', ...(chat && { messages: chat }) },
    prompt,
  );
  if (rendered.ids.length === 0) throw new BadRow('the prompt has not a single token');
  return answered(rendered.ids, answer, context);
}

/** A prompt, what answers it, and the end-of-sequence token that a sampler stops at. */
async function answered(prompt: readonly number[], answer: string, context: ExampleContext): Promise<LearntIds> {
  const { tokenizer, loss } = context;
  const ids = [...prompt, ...(await tokenizer.encode(answer)), ...endOf(tokenizer)];
  return { ids, learnt: new Uint8Array(ids.length).fill(1, loss.completion_only_loss ? prompt.length : 0) };
}

/** The token that is named eos_token, as in TRL; where the model has no use for it, the first that it ends with. */
function endOf({ eosIds, controlTokens, namedTokens }: Tokenizer): readonly number[] {
  const named = controlTokens.find(({ content }) => content === namedTokens['eos_token'])?.id;
  return named !== undefined && eosIds.includes(named) ? [named] : eosIds.slice(0, 1);
}

/** @param from Turns before this message have no loss. */
async function ofChat(
  given: readonly Message[],
  from: number,
  spokenOnly: boolean,
  tools: readonly Tool[] | undefined,
  language: Language | undefined,
  { tokenizer, prompt }: ExampleContext,
): Promise<LearntIds> {
  const spoken = given.flatMap((message, i) => (i >= from && message.role === 'assistant' ? [{ message, i }] : []));
  if (spoken.length === 0) throw new BadRow('the assistant says nothing in it: there is nothing to learn');
  const silent = spoken.find(({ message }) => message['tool_calls'] == null && textOf(message).trim() === '');
  if (silent) throw new BadRow(`message ${String(silent.i)}: the assistant's turn is empty`);
  const messages = withSystem(given, prompt, language);
  const rendering: Rendering = {
    template: templateOf(prompt, tokenizer),
    thinking: prompt.thinking,
    tools,
    ...(prompt.style === 'template' &&
      language !== undefined && { variables: { language: languageName(language), language_code: language } }),
  };
  if (spokenOnly) {
    const first = from + messages.length - given.length;
    const { ids, spoken: learnt } = await renderSpoken(tokenizer, messages, rendering, first);
    return { ids, learnt };
  }
  const { ids } = await renderConversation(tokenizer, messages, { ...rendering, generationPrompt: false });
  return { ids, learnt: new Uint8Array(ids.length).fill(1) };
}

function templateOf({ style, template }: PromptSettings, tokenizer: Tokenizer): TemplateFile {
  if (style === 'template') return template!;
  if (tokenizer.chatTemplate !== undefined) return tokenizer.chatTemplate;
  throw new GlossaError('PROMPT_NO_TEMPLATE', 'the data are chats, and the tokenizer has no chat template', {
    hint: 'put chat_template.jinja beside tokenizer.json, or name a template with prompt.template',
  });
}

/** With the system message of the config before a chat that opens with none. */
function withSystem(
  messages: readonly Message[],
  { system }: PromptSettings,
  language: Language | undefined,
): readonly Message[] {
  if (system === undefined || ['system', 'developer'].includes(messages[0]?.role ?? '')) return messages;
  if (language === undefined && system.includes('{language}'))
    throw new BadRow('has no language, and prompt.system names it; give the file a `language`');
  const content = language === undefined ? system : system.replaceAll('{language}', languageName(language));
  return [{ role: 'system', content }, ...messages];
}

function chatIn(value: unknown, name: string): Message[] {
  const fault = messageFault(value);
  if (fault !== undefined) throw new BadRow(fault.replace(/^messages/, name));
  const messages = value as Message[];
  if (messages.length === 0) throw new BadRow(`${name} is empty`);
  return messages;
}

function toolsIn(row: Row): readonly Tool[] | undefined {
  const tools = row['tools'] ?? undefined;
  const fault = tools === undefined ? undefined : toolsFault(tools);
  if (fault !== undefined) throw new BadRow(fault);
  return tools as Tool[] | undefined;
}

function textIn(row: Row, name: string, { or }: { or?: string } = {}): string {
  const value = fieldOf(row, name);
  if (value === undefined || value === null)
    throw new BadRow(`field "${name}"${or === undefined ? '' : ` (or "${or}")`} is missing`);
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof InexactNumber) {
    const text = exactText(value);
    if (typeof text === 'string') return text;
    throw new BadRow(`field "${name}" is ${text.reason}`);
  }
  if (typeof value !== 'string') throw new BadRow(`field "${name}" is no text`);
  if (/\p{Surrogate}/u.test(value)) throw new BadRow(`field "${name}" holds half of a surrogate pair`);
  if (value.trim() === '') throw new BadRow(`field "${name}" is empty`);
  return value;
}

/** Null: another than asked for. */
function languageOf(row: Row, { fields, language: asked }: ExampleContext['source']): Language | undefined | null {
  const said = fieldOf(row, fields?.language ?? 'lang');
  if (typeof said !== 'string') return asked;
  const known = LANGUAGES.find((each) => each === said);
  if (asked !== undefined) return known === asked ? asked : null;
  return known;
}

/**
 * What the engine is given of a row: ids behind the last that has loss are of no use to it. Undefined where none is left that
 * could be learnt (the first id of a row is predicted from nothing).
 */
export function exampleOf({ ids, learnt }: LearntIds, language: Language | undefined): Example | undefined {
  const from = learnt.indexOf(1, 1);
  if (from < 0) return undefined;
  const to = learnt.lastIndexOf(1) + 1;
  const mask = learnt.slice(from, to);
  return {
    promptIds: Int32Array.from(ids.slice(0, from)),
    completionIds: Int32Array.from(ids.slice(from, to)),
    completionMask: mask.includes(0) ? mask : undefined,
    language,
  };
}
