import { numbered, WORD_BEGIN, WORD_END, type NumberWords } from '../row.js';

const UNITS = 'uno|un|una due tre|tré quattro cinque sei sette otto nove';
const TENS = 'venti trenta quaranta cinquanta sessanta settanta ottanta novanta'.split(' ');

/** ventuno, ventotto: a ten loses its vowel before another. */
const tens = TENS.flatMap((ten, i) =>
  Object.entries(numbered(1, UNITS)).map(([unit, n]): [string, number] => [
    (/^[uo]/.test(unit) ? ten.slice(0, -1) : ten) + unit,
    20 + 10 * i + n,
  ]),
);

export const IT: NumberWords = {
  languages: ['it'],
  words: {
    zero: 0,
    ...numbered(1, UNITS),
    ...numbered(10, 'dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove'),
    ...numbered(20, TENS.join(' '), 10),
    ...Object.fromEntries(tens),
  },
  scales: {
    ...{ dozzina: 12, dozzine: 12, cento: 100, cent: 100, mille: 1e3, mila: 1e3, milione: 1e6, milioni: 1e6 },
    ...{ miliardo: 1e9, miliardi: 1e9 },
  },
  section: 1e3,
  joint: '(?: e | )?',
  begin: WORD_BEGIN,
  end: WORD_END,
  alone: { mezzo: '0.5', mezza: '0.5', 'la metà': '0.5', metà: '0.5', 'un quarto': '0.25' },
  andHalf: ' e mezz[oa]',
  ambiguous: 'due tre sei un cent',
};
