import { languageDetector } from './detector.js';
import { asCyrillic } from './lookalikes.js';
import { count, countable, countMarks } from './marks.js';
import { russian } from './rows/ru.js';
import { ukrainian } from './rows/uk.js';

export type CyrillicLanguage = 'uk' | 'ru' | 'other';

const UKRAINIAN = countable(ukrainian.marks);
const RUSSIAN = countable(russian.marks);

/**
 * Letters of neither: Belarusian ў, Serbian and Macedonian, Kazakh and other Turkic; ъ before another letter than е, ё, ю, я is
 * Bulgarian.
 */
const NEITHER = /[ўјљњћђџѓќѕәғқңөұүһӣӯҳҷ]|ъ(?![еёюя])/giu;

/** Endings and letters of Belarusian beside its і. It has neither и nor щ. */
const BELARUSIAN = /[ыэў]|дз[еёіьяю]|[аеоуюіы]ць(?!\p{L})|ццё|цца(?!\p{L})/giu;
const NOT_BELARUSIAN = /[ищїєґ]/iu;

/** Fewest words of which eld is asked; below that it is not better than guessing between Ukrainian and Russian. */
const DETECTOR_WORDS = 4;

/**
 * The language of a Cyrillic segment (the Cyrillic words of one sentence), or null where it cannot be told. Letters only one of
 * the two writes, function words and endings only one of them has, decide by majority; a segment without any is put to eld,
 * which scores Ukrainian against Russian, if it has 4 words or more. Latin letters that look like Cyrillic ones (i for і) count as
 * those.
 */
export function cyrillicLanguage(segment: readonly string[]): CyrillicLanguage | null {
  const text = segment.map(asCyrillic).join(' ');
  const words = text.toLowerCase().split(' ');
  const ukrainian = countMarks(text, words, UKRAINIAN);
  const russian = countMarks(text, words, RUSSIAN);
  const neither = count(text, NEITHER);
  if (/ў/iu.test(text) && !NOT_BELARUSIAN.test(text)) return 'other';
  if (neither > 0 && neither * 2 >= Math.max(ukrainian, russian)) return 'other';
  if (/і/iu.test(text) && !NOT_BELARUSIAN.test(text) && count(text, BELARUSIAN) > 0) return 'other';
  if (ukrainian !== russian) return ukrainian > russian ? 'uk' : 'ru';
  if (segment.length < DETECTOR_WORDS) return null;
  const { uk = 0, ru = 0 } = languageDetector().detect(text).getScores();
  return uk === ru ? null : uk > ru ? 'uk' : 'ru';
}
