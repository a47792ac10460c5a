import type { LanguageRow } from './row.js';

export const italian = {
  name: 'Italian',
  ownName: 'italiano',
  otherNames: ['ita'],
  thinkPrefix: 'Ragioniamo passo dopo passo in italiano.',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#f82676', dark: '#a96c79' },
} as const satisfies LanguageRow;
