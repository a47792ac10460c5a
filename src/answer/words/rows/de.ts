import { numbered, WORD_BEGIN, WORD_END, type NumberWords } from '../row.js';

export const DE: NumberWords = {
  languages: ['de'],
  words: {
    ...numbered(
      0,
      'null eins|ein|eine|einen zwei|zwo drei vier fünf|fuenf sechs sieben acht neun zehn elf zwölf|zwoelf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn',
    ),
    ...numbered(20, 'zwanzig dreißig|dreissig vierzig fünfzig sechzig siebzig achtzig neunzig', 10),
  },
  scales: {
    ...{ dutzend: 12, hundert: 100, tausend: 1e3, million: 1e6, millionen: 1e6 },
    ...{ milliarde: 1e9, milliarden: 1e9, billion: 1e12, billionen: 1e12 },
  },
  section: 1e3,
  unitFirst: /^ ?und ?$/,
  joint: '(?: ?und ?| )?',
  begin: WORD_BEGIN,
  end: WORD_END,
  alone: {
    'ein halb': '0.5',
    einhalb: '0.5',
    halb: '0.5',
    'die hälfte': '0.5',
    'ein viertel': '0.25',
    anderthalb: '1.5',
    eineinhalb: '1.5',
  },
  andHalf: ' und ein halbe?r?s?|einhalb',
  ambiguous: 'elf null',
};
