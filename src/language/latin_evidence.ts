import type { Marks } from './rows/row.js';
import { UNMEASURED } from './rows/unmeasured.js';
import { LANGUAGE_TABLE, LANGUAGES, type Language } from './table.js';

/** The measured languages in Latin letters. */
export const LATIN_LANGUAGES = LANGUAGES.filter((language) => LANGUAGE_TABLE[language].script === 'latin');

/** Those and the unmeasured ones that have marks: what evidence is given for, in this order. */
export const WEIGHED: readonly Weighed[] = [
  ...LATIN_LANGUAGES.map((code): Weighed => {
    const { detectorCode = code, marks = { words: '' } } = LANGUAGE_TABLE[code];
    return { counted: code, detectorCode, marks };
  }),
  ...Object.entries(UNMEASURED.latin ?? {}).map(([detectorCode, marks]): Weighed => ({
    counted: 'other',
    detectorCode,
    marks,
  })),
];

interface Weighed {
  counted: Language | 'other';
  /** eld's. */
  detectorCode: string;
  marks: Marks;
}

/** What a letter, an ending, a beginning weigh beside a function word. */
const LETTER = 0.7;
const ENDING = 0.35;
/** Of each of {@link WEIGHED}. */
export type Evidence = Float64Array;

/** Word to the languages that have it, as places in {@link WEIGHED}. */
let functionWords: Map<string, number[]> | undefined;

/** Words remembered; when there are as many, all are forgotten. */
const REMEMBERED_WORDS = 1 << 14;
const LONGEST_REMEMBERED = 24;
const remembered = new Map<string, Evidence>();

/**
 * What a word says for each of {@link WEIGHED}: a function word of one language 1, of several as much less; a letter or an
 * ending less than that.
 */
export function wordEvidence(word: string): Evidence {
  const known = remembered.get(word);
  if (known !== undefined) return known;
  const evidence = weigh(plain(word));
  if (word.length <= LONGEST_REMEMBERED) {
    if (remembered.size >= REMEMBERED_WORDS) remembered.clear();
    remembered.set((' ' + word).slice(1), evidence);
  }
  return evidence;
}

/** Composed, in small letters, with one kind of apostrophe. */
export function plain(word: string): string {
  return word.normalize('NFC').toLowerCase().replaceAll(/[’ʼ]/g, "'");
}

function weigh(word: string): Evidence {
  const evidence = new Float64Array(WEIGHED.length);
  const elided = word.slice(0, word.indexOf("'") + 1);
  functionWords ??= wordTable();
  for (const part of elided === '' ? [word] : [word, elided]) share(evidence, functionWords.get(part) ?? [], 1);
  share(evidence, matching('letters', word), LETTER);
  if (word.length > 3) share(evidence, [...matching('endings', word), ...matching('beginnings', word)], ENDING);
  return evidence;
}

function share(evidence: Evidence, places: readonly number[], weight: number): void {
  // An unmeasured language takes nothing from a measured one that has the same word.
  const measured = places.filter((place) => place < LATIN_LANGUAGES.length).length;
  for (const place of places) evidence[place]! += weight / (place < LATIN_LANGUAGES.length ? measured : places.length);
}

function matching(kind: 'letters' | 'endings' | 'beginnings', word: string): number[] {
  return WEIGHED.flatMap(({ marks }, place) =>
    marks[kind] !== undefined && word.search(marks[kind]) >= 0 ? [place] : [],
  );
}

function wordTable(): Map<string, number[]> {
  const table = new Map<string, number[]>();
  WEIGHED.forEach(({ marks }, place) => {
    for (const word of new Set(marks.words.split(' '))) table.set(word, [...(table.get(word) ?? []), place]);
  });
  return table;
}
