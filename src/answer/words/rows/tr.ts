import { numbered, WORD_BEGIN, WORD_END, type NumberWords } from '../row.js';

export const TR: NumberWords = {
  languages: ['tr'],
  words: {
    ...numbered(0, 'sıfır bir iki üç dört beş altı yedi sekiz dokuz'),
    ...numbered(10, 'on yirmi otuz kırk elli altmış yetmiş seksen doksan', 10),
  },
  scales: { düzine: 12, yüz: 100, bin: 1e3, milyon: 1e6, milyar: 1e9, trilyon: 1e12 },
  section: 1e3,
  joint: ' ?',
  begin: WORD_BEGIN,
  end: WORD_END,
  alone: { yarım: '0.5', yarısı: '0.5', çeyrek: '0.25', 'bir buçuk': '1.5' },
  andHalf: ' buçuk',
  ambiguous: 'on bin',
};
