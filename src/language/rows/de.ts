import type { LanguageRow } from './row.js';

export const german = {
  name: 'German',
  ownName: 'Deutsch',
  otherNames: ['deu', 'ger', 'at'],
  thinkPrefix: 'Ich denke Schritt für Schritt auf Deutsch nach.',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#013305', dark: '#2c9934' },
  units: 'Std Min Sek Stk',
} as const satisfies LanguageRow;
