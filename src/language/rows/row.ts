import type { ScriptName } from '../script.js';

/**
 * All that is known of a language. To add one: a file like its neighbours, and its line in ../table.ts. Number words and the words
 * of answers stand in src/answer, the texts of the lab in src/lab.
 */
export interface LanguageRow extends CountedRow {
  /** In itself. */
  ownName: string;
  /** What else it is called: codes of ISO 639-2, country codes taken for languages, other names. In small letters. */
  otherNames: readonly string[];
  /** How a thought begins under `think_prefix: auto`. */
  thinkPrefix: string;
  /** What stands in the tags of a thought under `think_tags: auto`: <생각> and </생각>. */
  thinkWord: string;
  script: ScriptName;
  /** Unit symbols of its own, between spaces; those in Latin letters that all write stand in notation.ts. */
  units?: string;
  /** Single letters of Latin script that are words of it. */
  letterWords?: string;
  /** eld's code, where that is not ours. */
  detectorCode?: string;
  /** What its sentences are told by from those of other languages in the script; left out where the script is enough. */
  marks?: Marks;
}

export interface CountedRow {
  /** In English, as prompts, reports and tables write it. */
  name: string;
  /**
   * That its words are told by; undefined: no script of its own. What several languages write in one script is told apart by
   * the sentence (label.ts).
   */
  script: ScriptName | undefined;
  /** Between words: spaces, or nothing, so that a dictionary breaks its runs of letters. */
  segmentation: 'spaces' | 'dictionary';
  /**
   * In figures on a light and on a dark page: a contrast of at least 3:1 against the ground, and as far from the others' as so many
   * can be. The first six differ in lightness as well as in hue (Okabe & Ito's set, shifted for dark).
   */
  colour: { light: string; dark: string };
}

export interface Marks {
  /**
   * Function words, and words of sums, between spaces, in small letters. Of Latin letters also those that a rival has too, which
   * count for less; before an apostrophe with it (l').
   */
  words: string;
  /** Letters that its rivals seldom write. */
  letters?: RegExp;
  /** Endings, and beginnings, of words that its rivals seldom have. */
  endings?: RegExp;
  beginnings?: RegExp;
  /** What nearly all its words look like, where eld does not know it: their share stands for eld's score. */
  shape?: RegExp;
}
