import { greatest } from '../base/extremes.js';
import { languageDetector } from './detector.js';
import { countable, countMarks, type CountableMarks } from './marks.js';
import { UNMEASURED } from './rows/unmeasured.js';
import { LANGUAGE_TABLE, type Language } from './table.js';

interface Neighbourhood {
  own: CountableMarks;
  theirs: [code: string, marks: CountableMarks][];
}
const neighbourhoods = new Map<Language, Neighbourhood>();

/** Fewest words of which eld is asked. */
const DETECTOR_WORDS = 4;
/** By how much its score of the neighbour must lead. */
const LEAD = 0.1;

/**
 * Whether the words of one sentence, all in the script of `language`, are of an unmeasured one that shares the script: by marks,
 * and where neither side has more of them by eld. What stays open is the measured one.
 */
export function isNeighbours(language: Language, segment: readonly string[]): boolean {
  const { own, theirs } = neighbourhoodOf(language);
  const text = segment.join(' ');
  const marks = greatest(theirs.map(([, each]) => countMarks(text, segment, each)));
  const ownMarks = countMarks(text, segment, own);
  if (marks !== ownMarks) return marks > ownMarks;
  if (segment.length < DETECTOR_WORDS) return false;
  const scores = languageDetector().detect(text).getScores();
  return theirs.some(([code]) => (scores[code] ?? 0) > (scores[language] ?? 0) + LEAD);
}

function neighbourhoodOf(language: Language): Neighbourhood {
  let found = neighbourhoods.get(language);
  if (found === undefined) {
    const { script, marks } = LANGUAGE_TABLE[language];
    found = {
      own: countable(marks ?? { words: '' }),
      theirs: Object.entries(UNMEASURED[script] ?? {}).map(([code, each]) => [code, countable(each)]),
    };
    neighbourhoods.set(language, found);
  }
  return found;
}
