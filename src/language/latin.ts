import { languageDetector } from './detector.js';

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
/** Fewest Latin words in a row of which eld is asked; shorter runs count as English. */
const DETECTOR_WORDS = 4;
/** eld's score for English must fall below this share of its best before a run is called another language. */
const ENGLISH_SCORE_SHARE = 0.8;

/**
 * Whether a run of Latin words (nothing but spaces, digits and punctuation between them, in one sentence) is English. Runs
 * under 4 words are: that a Spanish or romanised word counts as English there is what the published metric does too. Longer
 * runs are English if every sixth word is one that only English has, and otherwise unless eld is sure of another language.
 */
export function isEnglish(words: readonly string[]): boolean {
  if (words.length < DETECTOR_WORDS) return true;
  let marks = 0;
  for (const word of words) if (ENGLISH_WORDS.has(word.toLowerCase())) marks++;
  if (marks * WORDS_PER_MARK >= words.length) return true;
  const result = languageDetector().detect(words.join(' '));
  if (result.language === 'en' || result.language === '' || !result.isReliable()) return true;
  const scores = result.getScores();
  return (scores['en'] ?? 0) >= ENGLISH_SCORE_SHARE * (scores[result.language] ?? 1);
}
