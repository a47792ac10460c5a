import { Beginnings } from './beginnings.js';
import { Lexicon } from './lexicon.js';
import { AR } from './rows/ar.js';
import { BN } from './rows/bn.js';
import { DE } from './rows/de.js';
import { EN } from './rows/en.js';
import { ES } from './rows/es.js';
import { FR } from './rows/fr.js';
import { HI } from './rows/hi.js';
import { ID } from './rows/id.js';
import { IT } from './rows/it.js';
import { KO, KO_NATIVE } from './rows/ko.js';
import { PT } from './rows/pt.js';
import { RU } from './rows/ru.js';
import { SW } from './rows/sw.js';
import { TE } from './rows/te.js';
import { TH } from './rows/th.js';
import { TR } from './rows/tr.js';
import { UK } from './rows/uk.js';
import { VI } from './rows/vi.js';
import { ZH_JA } from './rows/zh_ja.js';

/** In the order in which they are asked where nothing says which language a text is in. */
const ROWS = [EN, ZH_JA, KO, KO_NATIVE, TH, UK, RU, AR, HI, BN, TE, DE, FR, ES, PT, IT, VI, ID, TR, SW];

let lexicons: readonly Lexicon[] | undefined;
/** The words of every language, those of `language` first. */
export function lexiconsFor(language: string | undefined): readonly Lexicon[] {
  lexicons ??= ROWS.map((row) => new Lexicon(row));
  if (language === undefined || language === 'en') return lexicons;
  const own = lexicons.filter(({ row }) => row.languages.includes(language));
  return [...own, ...lexicons.filter((lexicon) => !own.includes(lexicon))];
}

let beginnings: Beginnings | undefined;

/** What the words of all languages begin with. */
export function allBeginnings(): Beginnings {
  beginnings ??= new Beginnings(...lexiconsFor(undefined).map((lexicon) => lexicon.beginnings));
  return beginnings;
}
