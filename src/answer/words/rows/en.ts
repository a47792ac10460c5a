import { numbered, WORD_BEGIN, type NumberWords } from '../row.js';

export const EN: NumberWords = {
  languages: ['en'],
  words: {
    ...numbered(
      0,
      'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
    ),
    ...numbered(20, 'twenty thirty forty|fourty fifty sixty seventy eighty ninety', 10),
  },
  scales: { dozen: 12, hundred: 100, thousand: 1e3, lakh: 1e5, million: 1e6, crore: 1e7, billion: 1e9, trillion: 1e12 },
  section: 1e3,
  alone: { half: '0.5', 'a half': '0.5', quarter: '0.25', 'a quarter': '0.25' },
  andHalf: ' and (?:a|one) half',
  joint: '(?:,? and |, |[ -])?',
  begin: WORD_BEGIN,
  end: /^(?![\p{L}\d]| of\b)/u,
};
