import { numbered, WORD_BEGIN, WORD_END, type NumberWords } from '../row.js';

const SMALL = numbered(
  1,
  'un|une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf',
);

/** soixante-dix-sept is 60 and 17, quatre-vingt-dix 4 x 20 and 10. */
const scores = (word: string, value: number): [string, number][] =>
  Object.entries(SMALL).flatMap(([small, n]): [string, number][] =>
    [`${word}-${small}`, `${word} ${small}`, `${word} et ${small}`, `${word}-et-${small}`].map((key) => [
      key,
      value + n,
    ]),
  );

export const FR: NumberWords = {
  languages: ['fr'],
  words: {
    ...{
      zéro: 0,
      zero: 0,
      soixante: 60,
      'quatre-vingt': 80,
      'quatre-vingts': 80,
      septante: 70,
      huitante: 80,
      nonante: 90,
    },
    ...SMALL,
    ...numbered(20, 'vingt trente quarante cinquante', 10),
    ...Object.fromEntries([...scores('soixante', 60), ...scores('quatre-vingt', 80), ...scores('quatre-vingts', 80)]),
  },
  scales: {
    ...{ douzaine: 12, douzaines: 12, cent: 100, cents: 100, mille: 1e3, million: 1e6, millions: 1e6 },
    ...{ milliard: 1e9, milliards: 1e9, billion: 1e12, billions: 1e12 },
  },
  section: 1e3,
  joint: '(?: et |-et-|[ -])?',
  begin: WORD_BEGIN,
  end: WORD_END,
  alone: { 'un demi': '0.5', 'une demie': '0.5', demi: '0.5', 'la moitié': '0.5', 'un quart': '0.25' },
  andHalf: ' et demie?',
  ambiguous: 'cent cents dix six',
};
