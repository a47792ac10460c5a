import type { Stretch, Tokenizer } from '../tokenizer/index.js';
import { spellingPattern } from '../tokenizer/index.js';

/**
 * Lets texts pass through a template without becoming special tokens: their spellings of such tokens travel between two marks
 * that occur nowhere else, so that the template sees the text as it is, and the marks tell its letters from tokens afterwards.
 */
export class ControlMarks {
  private readonly open: string;
  private readonly close: string;
  /** Around what a template says that the model generates. */
  readonly generation: readonly [begin: string, end: string];
  /** Whether anything was hidden. */
  used = false;

  /** `texts` are all that is hidden; `template` is the source. */
  constructor(
    private readonly tokenizer: Pick<Tokenizer, 'controlTokens'>,
    texts: unknown,
    template: string,
  ) {
    const [open, close, begin, end] = freeMarks([...textsIn(texts), template]);
    [this.open, this.close] = [open, close];
    this.generation = [begin, end];
  }

  /** The characters of the marks. */
  get characters(): string[] {
    return [...new Set(this.open + this.close + this.generation.join(''))];
  }

  /** A text with its spellings between marks; of lists and objects every text, keys too. */
  hide<T>(value: T): T {
    const pattern = spellingPattern(this.tokenizer.controlTokens);
    if (pattern === undefined) return value;
    const hidden = (part: unknown): unknown => {
      if (typeof part === 'string') return part.replace(pattern, (spelling) => this.marked(spelling));
      if (Array.isArray(part)) return part.map(hidden);
      if (!isRecord(part)) return part;
      return Object.fromEntries(Object.entries(part).map(([key, each]) => [hidden(key), hidden(each)]));
    };
    return hidden(value) as T;
  }

  private marked(spelling: string): string {
    this.used = true;
    return this.open + spelling + this.close;
  }

  /** What was rendered, where texts' own spellings are letters. A mark that a template has cut from its other one is dropped. */
  show(text: string): Stretch[] {
    const { open, close } = this;
    const parts = text.split(new RegExp(`${open}((?:(?!${open})[^])*?)${close}|${open}|${close}`));
    return parts
      .map((part, i) => ({ text: (part as string | undefined) ?? '', special: i % 2 === 0 }))
      .filter((stretch) => stretch.text !== '');
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (Array.isArray(value)) for (const each of value) yield* textsIn(each);
  else if (isRecord(value))
    for (const [key, each] of Object.entries(value)) {
      yield key;
      yield* textsIn(each);
    }
}

const MARKS = 4;
/** Characters without meaning or case, that no template trims: private use, then Korean syllables. */
const CANDIDATES: readonly [number, number][] = [
  [0xe000, 0xf8ff],
  [0xac00, 0xd7a3],
];

/** Marks that stand in none of the texts: single characters, or, where texts have them all, pairs of them. */
function freeMarks(texts: readonly string[]): [string, string, string, string] {
  const used = new Uint8Array(1 << 16);
  for (const text of texts) for (let i = 0; i < text.length; i++) used[text.charCodeAt(i)] = 1;
  const free: string[] = [];
  for (const [first, last] of CANDIDATES)
    for (let code = first; code <= last && free.length < MARKS; code++)
      if (used[code] === 0) free.push(String.fromCharCode(code));
  for (let code = 0xe001; code <= 0xf8ff && free.length < MARKS; code++) {
    const pair = `\ue000${String.fromCharCode(code)}`;
    if (!texts.some((text) => text.includes(pair))) free.push(pair);
  }
  return free as [string, string, string, string];
}
