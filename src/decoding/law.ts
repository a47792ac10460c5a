import { GlossaError } from '../base/error.js';
import type { Language } from '../language/index.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { namedScripts } from './scripts.js';
import { tokenLetters, type LetterScript, type TokenLetters } from './token_letters.js';

/** The section `decoding` of a config (docs/decoding.md). */
export interface DecodingSettings {
  /** Entries of ALLOWED_NAMES; undefined: letters of every script. */
  allow?: 'target' | readonly string[] | undefined;
  /** What is added to the logits of tokens with other letters. */
  others: number | 'mask';
  /** Texts whose tokens stay in any case. */
  also: readonly string[];
  /** By id, or by the text of one token. */
  logit_bias: Readonly<Record<string, number | 'mask'>>;
}

/** What is added to the logits of each prompt. */
export interface DecodingLaw {
  /** Tables of one number for each id, end to end; -Infinity forbids a token. */
  logitBias: Float32Array;
  /** The table of each prompt, by its language. */
  biasOf(languages: readonly string[]): Int32Array;
}

interface Model {
  tokenizer: Tokenizer;
  /** Rows of the head. */
  vocab: number;
}

/**
 * The biases of a run, one table for each set of scripts that its languages ask for. Undefined where nothing is added to any logit.
 *
 * @param languages those of the problems.
 * @throws GlossaError DECODING_TOKEN (a text that is no single token, an id that is none), DECODING_MASK (a mask that leaves no
 *   token, no end token, or no letter).
 */
export async function decodingLaw(
  settings: DecodingSettings,
  { tokenizer, vocab }: Model,
  languages: readonly Language[],
): Promise<DecodingLaw | undefined> {
  const { allow, others, also, logit_bias: given } = settings;
  const scripted = allow !== undefined && others !== 0;
  if (!scripted && Object.keys(given).length === 0) return undefined;
  const added = await Promise.all(
    Object.entries(given).map(async ([token, value]) => [await idOf(token, tokenizer, vocab), amount(value)] as const),
  );
  const kept = new Set((await Promise.all(also.map((text) => tokenizer.encode(text)))).flat());
  for (const id of tokenizer.eosIds) kept.add(id);
  const letters = scripted ? lettersOf(tokenizer, vocab) : [];
  const tables: Float32Array[] = [];
  const tableOf = new Map<string, number>();
  const ofSet = new Map<string, number>();
  for (const language of languages.length > 0 ? languages : ([undefined] as const)) {
    const scripts = new Set<LetterScript>(
      scripted && language ? [allow].flat().flatMap((name) => namedScripts(name, language)) : [],
    );
    const key = [...scripts].sort().join(' ');
    let at = ofSet.get(key);
    if (at === undefined) {
      at = tables.length;
      ofSet.set(key, at);
      const table = new Float32Array(vocab);
      if (scripted) restrict(table, letters, { scripts, kept, value: amount(others) });
      for (const [id, value] of added) table[id]! += value;
      check(table, { letters, scripts, tokenizer, language });
      tables.push(table);
    }
    if (language) tableOf.set(language, at);
  }
  const logitBias = new Float32Array(tables.length * vocab);
  tables.forEach((table, i) => {
    logitBias.set(table, i * vocab);
  });
  return { logitBias, biasOf: (wanted) => Int32Array.from(wanted, (language) => tableOf.get(language) ?? 0) };
}

const amount = (value: number | 'mask'): number => (value === 'mask' ? -Infinity : value);

async function idOf(token: string, tokenizer: Tokenizer, vocab: number): Promise<number> {
  const refuse = (why: string) =>
    new GlossaError('DECODING_TOKEN', `decoding.logit_bias names ${JSON.stringify(token)}: ${why}`, {
      hint: 'name an id, or the exact text of one token (a leading space is part of it)',
    });
  if (/^\d+$/.test(token)) {
    const id = Number(token);
    if (id < vocab) return id;
    throw refuse(`the model has ids 0 to ${String(vocab - 1)}`);
  }
  const control = tokenizer.controlTokens.find(({ content }) => content === token);
  if (control) return control.id;
  const ids = await tokenizer.encode(token);
  if (ids.length === 1) return ids[0]!;
  throw refuse(`it is ${String(ids.length)} tokens (${ids.join(', ')})`);
}

/** Of each id; undefined: an added token, or an id that stands for nothing. */
function lettersOf(tokenizer: Tokenizer, vocab: number): (TokenLetters | undefined)[] {
  return Array.from({ length: vocab }, (_, id) => {
    const bytes = tokenizer.bytesOf(id);
    return bytes && tokenLetters(bytes);
  });
}

function restrict(
  table: Float32Array,
  letters: readonly (TokenLetters | undefined)[],
  { scripts, kept, value }: { scripts: ReadonlySet<LetterScript>; kept: ReadonlySet<number>; value: number },
): void {
  letters.forEach((token, id) => {
    if (token && !kept.has(id) && isForeign(token, scripts)) table[id] = value;
  });
}

/** A letter of another script, or a beginning of characters that are for the most part such letters. */
function isForeign({ scripts: own, opens }: TokenLetters, allowed: ReadonlySet<LetterScript>): boolean {
  for (const script of own) if (!allowed.has(script)) return true;
  let others = 0;
  for (const [script, share] of opens ?? []) if (!allowed.has(script)) others += share;
  return others > 0.5;
}

function isOf({ scripts: own, opens }: TokenLetters, allowed: ReadonlySet<LetterScript>): boolean {
  return [...own, ...(opens?.keys() ?? [])].some((script) => allowed.has(script));
}

function check(
  table: Float32Array,
  {
    letters,
    scripts,
    tokenizer,
    language,
  }: {
    letters: readonly (TokenLetters | undefined)[];
    scripts: ReadonlySet<LetterScript>;
    tokenizer: Tokenizer;
    language: Language | undefined;
  },
): void {
  const where = language === undefined ? '' : ` for prompts in ${language}`;
  const refuse = (what: string, hint: string) =>
    new GlossaError('DECODING_MASK', `decoding: ${what}${where}`, { hint });
  const free = (id: number) => table[id]! > -Infinity;
  if (!table.some((value) => value > -Infinity))
    throw refuse('the mask leaves no token', 'allow a script, or mask fewer tokens in decoding.logit_bias');
  if (tokenizer.eosIds.length > 0 && !tokenizer.eosIds.some(free))
    throw refuse('every end token is masked', 'no completion could end; take one of them out of decoding.logit_bias');
  if (letters.length === 0) return;
  if (!letters.some((token, id) => token && free(id) && isOf(token, scripts)))
    throw refuse(
      `the mask leaves no letter: the tokenizer has no token of ${[...scripts].join(' or ')}`,
      'decoding.allow must name a script that the model can write',
    );
}
