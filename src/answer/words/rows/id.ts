import { numbered, WORD_BEGIN, WORD_END, type NumberWords } from '../row.js';

const UNITS = 'satu dua tiga empat lima enam tujuh delapan sembilan'.split(' ');

export const ID: NumberWords = {
  languages: ['id'],
  words: {
    nol: 0,
    kosong: 0,
    ...numbered(1, UNITS.join(' ')),
    ...{ sepuluh: 10, sebelas: 11, selusin: 12, seratus: 100, seribu: 1000 },
    // dua belas
    ...Object.fromEntries(UNITS.slice(1).map((unit, i) => [`${unit} belas`, 12 + i])),
  },
  scales: {
    ...{ puluh: 10, lusin: 12, ratus: 100, ribu: 1e3, juta: 1e6, miliar: 1e9, milyar: 1e9, triliun: 1e12 },
  },
  section: 1e3,
  joint: ' ?',
  begin: WORD_BEGIN,
  end: WORD_END,
  alone: { setengah: '0.5', separuh: '0.5', seperempat: '0.25', sejuta: '1000000' },
  andHalf: ' setengah',
};
