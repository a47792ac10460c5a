import { numbered, WORD_BEGIN, WORD_END, type NumberWords } from '../row.js';

export const SW: NumberWords = {
  languages: ['sw'],
  words: {
    ...numbered(
      0,
      'sifuri moja|mmoja mbili|wawili|mawili|viwili tatu|watatu|matatu|vitatu nne|wanne|manne|vinne tano|watano|matano|vitano sita saba nane|wanane|manane|vinane tisa kumi',
    ),
    ...numbered(20, 'ishirini thelathini arobaini hamsini sitini sabini themanini tisini', 10),
  },
  scales: { dazeni: 12, mia: 100, elfu: 1e3, laki: 1e5, milioni: 1e6, bilioni: 1e9 },
  section: 1e3,
  scaleFirst: true,
  joint: '(?:,? na |, | )',
  begin: WORD_BEGIN,
  end: WORD_END,
  alone: { nusu: '0.5', robo: '0.25' },
  andHalf: ' na nusu',
};
