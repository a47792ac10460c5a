import { GlossaError } from '../base/error.js';
import type { Stretch, TemplateFile, Tokenizer } from '../tokenizer/index.js';
import { renderStretches, type Rendering } from './render.js';
import type { Message } from './types.js';

/** A conversation as ids, and which of them the assistant says. */
export interface SpokenConversation {
  ids: number[];
  /** As long as ids: 1 where the assistant speaks, what ends its turn included. */
  spoken: Uint8Array;
}

/** A part of a text, in UTF-16 units. */
interface Span {
  begin: number;
  end: number;
}

/**
 * A conversation and the tokens that the assistant says in it. Where the template has `{% generation %}`, they are what stands
 * within it (as Transformers has it); else, for each of the assistant's turns, what the rendering up to and with the turn has
 * more than that of what comes before it with the generation prompt. Of either the tokens behind the last end-of-sequence id are
 * left out: a sampler never gets there.
 *
 * @param from Messages before this one are the prompt: they, and what makes the model answer them, count as context.
 * @throws GlossaError PROMPT_SPANS where a rendering is not the beginning of the next one, or a token lies across the edge of a
 *   turn; PROMPT_TEMPLATE, PROMPT_THINKING.
 */
export async function renderSpoken(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  rendering: Rendering,
  from = 0,
): Promise<SpokenConversation> {
  const { template } = rendering;
  const whole = renderStretches(tokenizer, messages, { ...rendering, generationPrompt: false });
  const turns = messages.flatMap(({ role }, i) => (role === 'assistant' ? [i] : []));
  const all = marksGeneration(template)
    ? whole.generated
    : turnSpans(tokenizer, messages, rendering, textOf(whole.stretches));
  if (all.length !== turns.length)
    throw unclear(template, `it marks ${String(all.length)} turns as generated, and there are ${String(turns.length)}`);
  const asked = from === 0 ? 0 : askedLength(tokenizer, messages.slice(0, from), rendering, textOf(whole.stretches));
  const spans = all.flatMap(({ begin, end }, i) => (turns[i]! < from ? [] : [{ begin: Math.max(begin, asked), end }]));
  const ids = await tokenizer.encodeStretches(whole.stretches);
  const spoken = new Uint8Array(ids.length);
  for (const { begin, end } of spans) {
    const first = await tokensBefore(tokenizer, whole.stretches, begin, ids, template);
    const behind = await tokensBefore(tokenizer, whole.stretches, end, ids, template);
    const last = ids.slice(first, behind).findLastIndex((id) => tokenizer.eosIds.includes(id));
    spoken.fill(1, first, last < 0 ? behind : first + last + 1);
  }
  return { ids, spoken };
}

/** Whether a template says itself what the model generates. */
export function marksGeneration({ text }: TemplateFile): boolean {
  return /\{%-?\s*generation\s*-?%\}/.test(text);
}

/** The assistant's turns in the text of the whole conversation. */
function turnSpans(tokenizer: Tokenizer, messages: readonly Message[], rendering: Rendering, text: string): Span[] {
  const upTo = (count: number, generationPrompt: boolean): string =>
    textOf(renderStretches(tokenizer, messages.slice(0, count), { ...rendering, generationPrompt }).stretches);
  return messages.flatMap(({ role }, i) => {
    if (role !== 'assistant') return [];
    const before = i === 0 ? '' : upTo(i, true);
    const through = i === messages.length - 1 ? text : upTo(i + 1, false);
    if (!through.startsWith(before))
      throw unclear(rendering.template, `it does not write messages[${String(i)}] behind the prompt for it`);
    if (!text.startsWith(through))
      throw unclear(rendering.template, `it writes messages[${String(i)}] otherwise where others follow it`);
    return [{ begin: before.length, end: through.length }];
  });
}

/** How much of the text is the prompt of `messages`; 0 where the text does not begin with it. */
function askedLength(tokenizer: Tokenizer, messages: readonly Message[], rendering: Rendering, text: string): number {
  const prompt = textOf(renderStretches(tokenizer, messages, { ...rendering, generationPrompt: true }).stretches);
  return text.startsWith(prompt) ? prompt.length : 0;
}

const textOf = (stretches: readonly Stretch[]): string => stretches.map(({ text }) => text).join('');

/** How many ids the first `length` characters have; they must be the first ids of the whole. */
async function tokensBefore(
  tokenizer: Tokenizer,
  stretches: readonly Stretch[],
  length: number,
  ids: readonly number[],
  template: TemplateFile,
): Promise<number> {
  let left = length;
  const before = stretches.flatMap((stretch) => {
    const text = stretch.text.slice(0, Math.max(0, left));
    left -= stretch.text.length;
    return text === '' ? [] : [{ ...stretch, text }];
  });
  const own = before.length === 0 ? [] : await tokenizer.encodeStretches(before);
  if (own.every((id, at) => ids[at] === id)) return own.length;
  throw unclear(template, `a token lies across the edge of a turn, ${String(length)} characters into the conversation`);
}

function unclear({ path }: TemplateFile, why: string): GlossaError {
  return new GlossaError(
    'PROMPT_SPANS',
    `${path}: what the assistant says cannot be told from the rest of this conversation: ${why}`,
    {
      hint: 'name a template that has {% generation %} around it (prompt.template), end each conversation with the turn to learn from, or learn from everything with sft.assistant_only_loss: false',
    },
  );
}
