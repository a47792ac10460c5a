import { languageDetector } from './detector.js';
import { isRomanised } from './romanised.js';

/** Words that mark a stretch as English; those that French, German, Spanish, Italian, Dutch or Swahili also write are left out. */
const ENGLISH_WORDS = new Set(
  (
    'the and of is are has have had with for that this these those she he they each how many much then we it its was were from ' +
    'which would there their them his her him you your what when where who why because since therefore thus hence first second ' +
    'next last finally total remaining left more less than equals equal plus minus times divided multiply add added subtract sum ' +
    'number numbers amount answer question problem step let us know need find get gets got give gives gave given buy buys bought ' +
    'sell sells sold cost costs dollars dollar cents apples by every all both other some any not only after before if or but can ' +
    'could should will does did do make makes made now the per day week month year hours minutes people days weeks how be been being'
  ).split(' '),
);
/** One such word in this many is enough. */
const WORDS_PER_MARK = 6;
/** One in this many, and nothing else is asked. */
const CERTAIN_WORDS_PER_MARK = 3;
/** Fewest Latin words in a row that are judged; shorter runs go with the text. */
export const JUDGED_WORDS = 4;
/**
 * eld's score for English: below it a run is not English. Of 114 English runs without a function word (lingua, MGSM) none is
 * below, of Spanish, German, French and Swahili runs 97 % and more, whatever language eld takes them for.
 */
const ENGLISH_SCORE = 0.6;
/** The same for runs of 5 or 6 words, whose names and rare words weigh more; 4 ("Janet's ducks lay eggs") are too few for it. */
const SHORT_ENGLISH_SCORE = 0.4;
/** The same in terms of the best score, where eld is sure of another language. */
const ENGLISH_SCORE_SHARE = 0.8;

/**
 * Whether a run of 4 or more Latin words (nothing but spaces, digits and punctuation between them, in one sentence) is English: not
 * romanised Japanese, Korean or Chinese, and every sixth word one that only English has, or eld's score for English high enough.
 */
export function isEnglish(words: readonly string[]): boolean {
  let marks = 0;
  for (const word of words) if (ENGLISH_WORDS.has(word.toLowerCase())) marks++;
  // "you" is a syllable of pinyin and "do" of Japanese; a third of the words is beyond chance.
  if (marks * CERTAIN_WORDS_PER_MARK >= words.length) return true;
  if (isRomanised(words)) return false;
  if (marks * WORDS_PER_MARK >= words.length) return true;
  const result = languageDetector().detect(words.join(' '));
  const scores = result.getScores();
  const english = scores['en'] ?? 0;
  if (english < lowestEnglish(words.length)) return false;
  return (
    result.language === 'en' || !result.isReliable() || english >= ENGLISH_SCORE_SHARE * (scores[result.language] ?? 1)
  );
}

function lowestEnglish(words: number): number {
  if (words > 6) return ENGLISH_SCORE;
  return words > 4 ? SHORT_ENGLISH_SCORE : 0;
}
