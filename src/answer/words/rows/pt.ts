import { numbered, WORD_BEGIN, WORD_END, type NumberWords } from '../row.js';

export const PT: NumberWords = {
  languages: ['pt'],
  words: {
    ...numbered(
      0,
      'zero um|uma dois|duas três|tres quatro cinco seis sete oito nove dez onze doze treze catorze|quatorze quinze dezesseis|dezasseis dezessete|dezassete dezoito dezenove|dezanove',
    ),
    ...numbered(20, 'vinte trinta quarenta cinquenta sessenta setenta oitenta noventa', 10),
    ...numbered(
      100,
      'cem|cento duzentos|duzentas trezentos|trezentas quatrocentos|quatrocentas quinhentos|quinhentas seiscentos|seiscentas setecentos|setecentas oitocentos|oitocentas novecentos|novecentas',
      100,
    ),
  },
  scales: {
    ...{ dúzia: 12, dúzias: 12, mil: 1e3, milhão: 1e6, milhões: 1e6, bilhão: 1e9, bilhões: 1e9 },
    ...{ trilhão: 1e12, trilhões: 1e12 },
  },
  section: 1e3,
  joint: '(?:,? e |, | )?',
  begin: WORD_BEGIN,
  end: WORD_END,
  alone: { meio: '0.5', meia: '0.5', 'a metade': '0.5', metade: '0.5', 'um quarto': '0.25' },
  andHalf: ' e mei[oa]',
  ambiguous: 'mil um',
};
