import { languageDetector, type Detected } from './detector.js';
import { LATIN_LANGUAGES, plain, WEIGHED, wordEvidence, type Evidence } from './latin_evidence.js';
import { isRomanised } from './romanised.js';
import type { CountedLanguage, Language } from './table.js';

/** Fewest Latin words in a row that are judged; shorter runs go with the text. */
const JUDGED_WORDS = 4;
/** Evidence a word, and how many times that of the next language, at which nothing else is asked. */
const CERTAIN = 0.18;
const CERTAIN_LEAD = 2;
/** What evidence a word weighs beside eld's score. */
const EVIDENCE = 1.3;
/** Added for the language asked for; for English where that is written in another script. */
const ASKED_FOR = 0.12;
/** And this over the number of words. */
const ASKED_FOR_SHORT = 0.4;
/** By how much eld's score of a language that is not measured must lead. */
const UNMEASURED_LEAD = 0.1;
/** A lower sum is no measured language. */
const LEAST = 0.45;
/** Evidence a word below which it is none, where eld does not trust its own answer either. */
const NONE = 0.1;
/** Evidence a word below which a run that reads as romanised is. */
const ROMANISED_BELOW = 0.3;
/** What a shape that all words have weighs beside eld's score. */
const SHAPE = 0.75;
const WEIGHED_CODES = new Set(WEIGHED.map(({ detectorCode }) => detectorCode));

/**
 * The language of a run of Latin words (nothing but spaces, digits and punctuation between them, in one sentence), asked for `target`;
 * null: fewer than 4 words, none of which tells. Function words, letters and endings decide where they are many and of one
 * language; else eld's scores and theirs together, the target a little ahead of the others.
 */
export function latinLanguage(words: readonly string[], target: Language): CountedLanguage | null {
  const evidence = evidenceOf(words);
  const favoured = LATIN_LANGUAGES.includes(target) ? target : 'en';
  if (words.length < JUDGED_WORDS) return shortRun(words, evidence, favoured);
  const [first, lead] = best(evidence);
  const certain = isCertain(evidence[first]!, lead);
  if (certain && evidence[first]! >= ROMANISED_BELOW) return WEIGHED[first]!.counted;
  const romanised = isRomanised(words);
  if (certain && !romanised) return WEIGHED[first]!.counted;
  const detected = languageDetector().detect(words.join(' '));
  if (romanised && !isSupported(detected, evidence)) return 'other';
  if (words.length === JUDGED_WORDS && evidence[first]! < NONE && !detected.isReliable()) return null;
  const scores = detected.getScores();
  const sums = evidence.map((weight, place) => {
    const { detectorCode, counted, marks } = WEIGHED[place]!;
    const score = marks.shape ? SHAPE * shapeShare(words, marks.shape) : (scores[detectorCode] ?? 0);
    return EVIDENCE * weight + score + (counted === favoured ? ASKED_FOR + ASKED_FOR_SHORT / words.length : 0);
  });
  const [place] = best(sums);
  if (sums[place]! < LEAST) return 'other';
  for (const [code, score] of Object.entries(scores))
    if (!WEIGHED_CODES.has(code) && score > sums[place]! + UNMEASURED_LEAD) return 'other';
  return WEIGHED[place]!.counted;
}

/** Whether eld is sure of a measured language and evidence is not against it: `de tipo fuego` has Japanese syllables. */
function isSupported(detected: Detected, evidence: Evidence): boolean {
  const place = WEIGHED.findIndex(({ detectorCode }) => detectorCode === detected.language);
  return place >= 0 && place < LATIN_LANGUAGES.length && evidence[place]! >= NONE && detected.isReliable();
}

/** The language that the function words, letters and endings of a run are of, where they are many and of one; else null. */
export function surelyOf(words: readonly string[]): CountedLanguage | null {
  const evidence = evidenceOf(words);
  const [first, lead] = best(evidence);
  return isCertain(evidence[first]!, lead) ? WEIGHED[first]!.counted : null;
}

function isCertain(most: number, lead: number): boolean {
  return most >= CERTAIN && lead >= most * (1 - 1 / CERTAIN_LEAD);
}

/** Of a word, on average. */
function evidenceOf(words: readonly string[]): Evidence {
  const evidence = new Float64Array(WEIGHED.length);
  for (const word of words) {
    const more = wordEvidence(word);
    for (let place = 0; place < evidence.length; place++) evidence[place]! += more[place]! / words.length;
  }
  return evidence;
}

/**
 * A run too short for all languages: English or the language asked for, where a function word of one of the two tells, or where eld is
 * sure of one; another where two function words are its own and none is English.
 */
function shortRun(words: readonly string[], evidence: Evidence, asked: Language): CountedLanguage | null {
  const of = (place: number): number => evidence[place]! * words.length;
  const english = of(LATIN_LANGUAGES.indexOf('en'));
  const own = of(LATIN_LANGUAGES.indexOf(asked));
  const [first] = best(evidence);
  if (of(first) >= TWO_WORDS && english < SHORT && own < SHORT) return WEIGHED[first]!.counted;
  if (Math.max(english, own) >= SHORT && (english !== own || asked === 'en')) return english >= own ? 'en' : asked;
  if (words.length < DETECTOR_WORDS) return null;
  const detected = languageDetector().detect(words.join(' '));
  if (!detected.isReliable()) return null;
  const found = WEIGHED.find(({ detectorCode }) => detectorCode === detected.language)?.counted ?? 'other';
  return found === asked || found === 'en' || (words.length > DETECTOR_WORDS && found !== 'other') ? found : null;
}
/** Evidence in all of a short run: a word that few have, and two that nobody else has, nearly. */
const SHORT = 0.5;
const TWO_WORDS = 1.5;
/** Fewest words of which eld is asked at all. */
const DETECTOR_WORDS = 2;

/** The place of the most, and its lead on the next. */
function best(values: Evidence): [place: number, lead: number] {
  let first = 0;
  let second = -1;
  for (let place = 1; place < values.length; place++) {
    if (values[place]! > values[first]!) {
      second = first;
      first = place;
    } else if (second < 0 || values[place]! > values[second]!) second = place;
  }
  return [first, values[first]! - values[second]!];
}

/** Squared, so that half the words do not speak for half. */
function shapeShare(words: readonly string[], shape: RegExp): number {
  return (words.filter((word) => shape.test(plain(word))).length / words.length) ** 2;
}
