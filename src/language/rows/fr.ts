import type { LanguageRow } from './row.js';

export const french = {
  name: 'French',
  ownName: 'français',
  otherNames: ['fra', 'fre', 'francais'],
  thinkPrefix: 'Réfléchissons étape par étape en français.',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#430749', dark: '#b056b8' },
  units: 'kgs mn',
} as const satisfies LanguageRow;
