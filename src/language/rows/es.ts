import type { LanguageRow } from './row.js';

export const spanish = {
  name: 'Spanish',
  ownName: 'español',
  otherNames: ['spa', 'espanol', 'castellano', 'castilian', 'mx'],
  thinkPrefix: 'Voy a pensarlo paso a paso en español.',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#bc4ff2', dark: '#f0dcfd' },
  units: 'hs pts',
} as const satisfies LanguageRow;
