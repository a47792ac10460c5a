import type { LanguageRow } from './row.js';

export const ukrainian = {
  name: 'Ukrainian',
  ownName: 'українська',
  otherNames: ['ukr', 'ua'],
  thinkPrefix: 'Поміркую крок за кроком українською.',
  thinkWord: 'думка',
  script: 'cyrillic',
  segmentation: 'spaces',
  colour: { light: '#5b4bb5', dark: '#a99df5' },
  units: 'км м см мм кг мг г л мл хв с сек т га шт Гц кГц Вт кВт Дж Па МБ ГБ КБ грн коп тис млн млрд',
  marks: {
    words:
      'та що це він вона вони але щоб якщо тому отже разом буде було дорівнює скільки більше менше з із зі й чи або як ' +
      'коли де дуже також зараз його йому мене тебе себе можна треба потрібно кожен після тоді потім усього залишилося ' +
      'стало яблук',
    letters: /[іїєґ]/giu,
    endings: /(?:ння|ття|ського|цького)$/iu,
  },
} as const satisfies LanguageRow;
