import { countable, countMarks, type CountableMarks } from './marks.js';
import type { Marks } from './rows/row.js';
import { LANGUAGE_TABLE, type Language } from './table.js';

/**
 * Languages that are not measured and share a script with one that is. Persian and Urdu write Arabic's letters and some of their
 * own, Marathi and Nepali Hindi's, Assamese Bengali's. What neither side has marks of is the measured one.
 */
const NEIGHBOURS = {
  ar: {
    letters: /[پچژگکیےہھںٹڈڑۆێڵۇەټډړښڼې]/gu,
    words: 'از در این است را که با برای آن شد',
  },
  hi: {
    letters: /ळ/gu,
    words:
      'आहे आहेत आणि नाही होते होता मध्ये ती त्याने तिने त्याच्या तिच्या त्याला तिला एकूण मग म्हणून पण काय झाले ' +
      'छ छन् थियो थिए र मा लाई गर्छ गर्न भने भयो कति जम्मा पनि उनले उसले हुन्छ तर किन भएको गरेको',
    endings: /(?:च्या|ांना|ांनी|हरू|हरूको|बाट|न्छ|न्छन्)$/u,
  },
  bn: { letters: /[ৰৱ]/gu, words: 'আৰু হয় কৰে পৰা কিমান' },
} as const satisfies Partial<Record<Language, Marks>>;

type WithNeighbours = keyof typeof NEIGHBOURS;

const countableOf = new Map<WithNeighbours, { own: CountableMarks; theirs: CountableMarks }>();

/** Whether the words of one sentence, all in the script of `language`, are a neighbour's. */
export function isNeighbours(language: WithNeighbours, segment: readonly string[]): boolean {
  let marks = countableOf.get(language);
  if (marks === undefined) {
    const own = LANGUAGE_TABLE[language].marks ?? { words: '' };
    countableOf.set(language, (marks = { own: countable(own), theirs: countable(NEIGHBOURS[language]) }));
  }
  const text = segment.join(' ');
  return countMarks(text, segment, marks.theirs) > countMarks(text, segment, marks.own);
}
