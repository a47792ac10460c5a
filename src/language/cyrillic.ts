import { languageDetector } from './detector.js';

export type CyrillicLanguage = 'uk' | 'ru' | 'other';

const UKRAINIAN =
  /[іїєґ]|(?<!\p{L})(?:та|що|це|він|вона|вони|але|щоб|якщо|тому|отже|разом|буде|було|було|дорівнює|скільки|більше|менше)(?!\p{L})/giu;
const RUSSIAN =
  /[ыэёъ]|(?<!\p{L})(?:и|что|это|он|она|они|но|чтобы|если|поэтому|как|или|только|всего|будет|было|равно|сколько|больше|меньше)(?!\p{L})/giu;
/** Letters of neither: Belarusian ў, Serbian and Macedonian, Kazakh and other Turkic. */
const NEITHER = /[ўјљњћђџѓќѕәғқңөұүһӣӯҳҷ]/giu;

/** Fewest words of which eld is asked; below that it is not better than guessing between Ukrainian and Russian. */
const DETECTOR_WORDS = 4;

/**
 * The language of a Cyrillic segment (the Cyrillic words of one sentence), or null where it cannot be told. Letters only one of
 * the two writes, and function words only one of them has, decide by majority; a segment without either is put to eld, which
 * scores Ukrainian against Russian, if it has 4 words or more.
 */
export function cyrillicLanguage(words: readonly string[]): CyrillicLanguage | null {
  const text = words.join(' ');
  const ukrainian = count(text, UKRAINIAN);
  const russian = count(text, RUSSIAN);
  const neither = count(text, NEITHER);
  // Belarusian has і and ы; its ў tells it apart from both.
  if (neither > 0 && neither * 2 >= Math.max(ukrainian, russian)) return 'other';
  if (ukrainian !== russian) return ukrainian > russian ? 'uk' : 'ru';
  if (words.length < DETECTOR_WORDS) return null;
  const { uk = 0, ru = 0 } = languageDetector().detect(text).getScores();
  return uk === ru ? null : uk > ru ? 'uk' : 'ru';
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
