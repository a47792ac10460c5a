import { GlossaError } from '../base/error.js';
import { messageFault, renderConversation, toolsFault, type Message, type Tool } from '../prompt/index.js';
import type { Tokenizer } from '../tokenizer/index.js';
import type { Sequence } from './types.js';

/** Columns of a file that are looked at. */
export const ROW_FIELDS = ['id', 'prompt_ids', 'completion_ids', 'messages', 'tools', 'prompt', 'completion', 'text'];

export interface RowContext {
  /** Needed for rows of text. */
  tokenizer: Tokenizer | undefined;
  /** Ids the model embeds, and ids of a sequence at most. */
  vocab: number;
  context: number;
  /** Read spellings of control tokens in texts as those tokens. */
  special: boolean;
}

type Ids = Pick<Sequence, 'promptIds' | 'completionIds'>;

/**
 * The sequence of a row, or what is wrong with it. A row holds, the first that is there:
 * `prompt_ids` and `completion_ids`; `messages` (and `tools`), of which the last is the completion; `prompt` and `completion`, read apart;
 * `text`, of which the first token (or what the tokenizer puts before a text) is the prompt.
 */
export async function readSequence(
  row: unknown,
  context: RowContext,
): Promise<(Ids & { id: string | undefined }) | { reason: string }> {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return { reason: 'expected an object' };
  const fields = row as Record<string, unknown>;
  const ids = await idsOf(fields, context);
  if ('reason' in ids) return ids;
  const reason = fault(ids, context);
  if (reason !== undefined) return { reason };
  const { id } = fields;
  return { id: typeof id === 'string' || typeof id === 'number' ? String(id) : undefined, ...ids };
}

async function idsOf(
  fields: Record<string, unknown>,
  { tokenizer, special }: RowContext,
): Promise<Ids | { reason: string }> {
  if (fields['prompt_ids'] != null || fields['completion_ids'] != null) {
    const prompt = idList(fields, 'prompt_ids');
    if ('reason' in prompt) return prompt;
    const completion = idList(fields, 'completion_ids');
    return 'reason' in completion ? completion : { promptIds: prompt.ids, completionIds: completion.ids };
  }
  const names = ['messages', 'prompt', 'completion', 'text'].filter((name) => fields[name] != null);
  if (names.length === 0)
    return { reason: 'expected prompt_ids and completion_ids, prompt and completion, text, or messages' };
  if (tokenizer === undefined)
    return { reason: `${names[0]!} is text, and there is no tokenizer to read it; name one with --tokenizer` };
  if (fields['messages'] != null) return conversationIds(fields, tokenizer);
  for (const name of names) {
    if (typeof fields[name] !== 'string') return { reason: `${name} is ${typeof fields[name]}, expected text` };
  }
  if (names[0] === 'text') return textIds(fields['text'] as string, tokenizer, special);
  for (const name of ['prompt', 'completion']) if (fields[name] == null) return { reason: `no field ${name}` };
  return {
    promptIds: [...tokenizer.prefixIds, ...(await tokenizer.encode(fields['prompt'] as string, { special }))],
    completionIds: await tokenizer.encode(fields['completion'] as string, { special }),
  };
}

function idList(fields: Record<string, unknown>, name: string): { ids: number[] } | { reason: string } {
  const value = fields[name];
  if (value == null) return { reason: `no field ${name}` };
  const list = ArrayBuffer.isView(value) ? Array.from(value as Int32Array) : value;
  if (!Array.isArray(list)) return { reason: `${name} is ${typeof value}, expected a list of ids` };
  const ids = list.map((id: unknown) => (typeof id === 'bigint' ? Number(id) : id));
  const bad = ids.findIndex((id) => !Number.isInteger(id));
  if (bad !== -1) return { reason: `${name}[${String(bad)}] is ${JSON.stringify(ids[bad])}, expected an id` };
  return { ids: ids as number[] };
}

async function textIds(text: string, tokenizer: Tokenizer, special: boolean): Promise<Ids> {
  const ids = [...tokenizer.prefixIds, ...(await tokenizer.encode(text, { special }))];
  const first = Math.max(1, tokenizer.prefixIds.length);
  return { promptIds: ids.slice(0, first), completionIds: ids.slice(first) };
}

/** The last message as the template renders it, given the ones before it. */
async function conversationIds(
  { messages: given, tools: givenTools }: Record<string, unknown>,
  tokenizer: Tokenizer,
): Promise<Ids | { reason: string }> {
  const reason = messageFault(given) ?? (givenTools == null ? undefined : toolsFault(givenTools));
  if (reason !== undefined) return { reason };
  const messages = given as Message[];
  const tools = (givenTools ?? undefined) as Tool[] | undefined;
  if (messages.length < 2 || messages.at(-1)!.role !== 'assistant')
    return { reason: 'the last of messages must be of the assistant, with others before it' };
  try {
    const { ids: promptIds } = await renderConversation(tokenizer, messages.slice(0, -1), { tools });
    const { ids } = await renderConversation(tokenizer, messages, { tools, generationPrompt: false });
    if (promptIds.some((id, i) => ids[i] !== id))
      return { reason: 'the template does not render the last message behind the prompt for it' };
    return { promptIds, completionIds: ids.slice(promptIds.length) };
  } catch (error) {
    if (error instanceof GlossaError) return { reason: error.message };
    throw error;
  }
}

function fault({ promptIds, completionIds }: Ids, { vocab, context }: RowContext): string | undefined {
  if (promptIds.length === 0) return 'the prompt has no ids; at least one is needed before the first probability';
  if (completionIds.length === 0) return 'the completion has no ids';
  const length = promptIds.length + completionIds.length;
  if (length > context) return `${String(length)} ids; the model's context is ${String(context)}`;
  for (const [name, ids] of [
    ['prompt', promptIds],
    ['completion', completionIds],
  ] as const) {
    const at = ids.findIndex((id) => id < 0 || id >= vocab);
    if (at !== -1)
      return `${name} id ${String(ids[at])} at position ${String(at)} is not in the model's vocabulary of ${String(vocab)}`;
  }
  return undefined;
}
