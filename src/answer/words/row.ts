/** Words and what they stand for; a key may hold spaces. */
export type Values = Readonly<Record<string, number>>;

/** A language's words for numbers. */
export interface NumberWords {
  /** ISO 639-1; rows of several languages name them all. */
  languages: readonly string[];
  /** In small letters. What stands for 10 has a digit added to it only where there is no word for 11. */
  words: Values;
  /** What multiplies the number before it: hundred, thousand; with `scaleFirst` the number behind it. */
  scales: Values;
  /** From this scale on it multiplies all that stands before it since the last such scale. */
  section: number;
  /** Scales of Swahili stand before what they multiply: mia tatu is 300. */
  scaleFirst?: true;
  /** Between a unit and the ten behind it: ein-und-zwanzig, واحد وعشرون. */
  unitFirst?: RegExp;
  /** What may stand between two words, as a regular expression. */
  joint: string;
  /** What must follow the last word. */
  end: RegExp;
  /** What a first word must not stand behind, as the inside of a look-behind. */
  begin: string;
  /** Numbers by themselves: a half, one and a half. */
  alone?: Readonly<Record<string, string>>;
  /** "and a half" behind a number, and what says so before one, as regular expressions. */
  andHalf?: string;
  halfBefore?: string;
  /** Words that are none where this follows: 삼백이다 is 300 and the copula, not 302. */
  notBefore?: Readonly<Record<string, RegExp>>;
  /** Words that are everyday words of English too; without the problem's language they are no numbers. */
  ambiguous?: string;
}

/** Words one after another, from `first` in steps of `step`; of several for one value with strokes between. */
export function numbered(first: number, words: string, step = 1): Values {
  return Object.fromEntries(
    words
      .split(' ')
      .flatMap((forms, i) => forms.split('|').map((word) => [word.replaceAll('_', ' '), first + i * step])),
  );
}

/** Of languages that part words by spaces. */
export const WORD_END = /^(?![\p{L}\p{M}\d])/u;
export const WORD_BEGIN = String.raw`[\p{L}\p{M}'’-]`;
/** Scripts whose words are written without spaces: any place may begin one, but not behind these. */
export const ANY_BEGIN = '[第周期]';
