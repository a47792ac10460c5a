import { languageDetector } from './detector.js';
import { asCyrillic } from './lookalikes.js';

export type CyrillicLanguage = 'uk' | 'ru' | 'other';

/** Letters only Ukrainian has of the two, its function words, and endings. */
const UKRAINIAN: Marks = {
  letters: /[іїєґ]/giu,
  words: wordSet(
    'та що це він вона вони але щоб якщо тому отже разом буде було дорівнює скільки більше менше з із зі й чи або як ' +
      'коли де дуже також зараз його йому мене тебе себе можна треба потрібно кожен після тоді потім усього залишилося ' +
      'стало яблук',
  ),
  endings: /(?:ння|ття|ського|цького)$/iu,
};
/** The same for Russian. Endings that a Ukrainian word may have too (-ий after к, -ет of nouns) are left out. */
const RUSSIAN: Marks = {
  letters: /[ыэёъ]/giu,
  words: wordSet(
    'и что это он она они но чтобы если поэтому как или только всего будет было равно сколько больше меньше с со из ' +
      'к ко от где когда сейчас здесь тоже также нет его него ещё еще мне меня тебя себя осталось стало ответ пять ' +
      'семь восемь девять шесть яблок рублей каждый ему ей теперь опять снова совсем зачем никогда имя жизнь мог ли бы ' +
      'итого всех после тогда потом надо нужно можно',
  ),
  endings:
    /..(?:ая|яя|ое|ее|ие|ость|остью|[аея]ние|[аея]ния|[аея]нием|[аея]нию|ется|ются|ает|яет|ует|еет|ают|яют|уют|еют|ешь|ишь|ской|нной|ций|ция|ию|ия)$/iu,
};

interface Marks {
  letters: RegExp;
  words: ReadonlySet<string>;
  endings: RegExp;
}

function wordSet(list: string): ReadonlySet<string> {
  return new Set(list.split(' '));
}

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

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function countMarks(text: string, words: readonly string[], marks: Marks): number {
  let n = count(text, marks.letters);
  for (const word of words) if (marks.words.has(word) || (word.length > 3 && marks.endings.test(word))) n++;
  return n;
}
