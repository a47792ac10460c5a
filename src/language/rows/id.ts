import type { LanguageRow } from './row.js';

export const indonesian = {
  name: 'Indonesian',
  ownName: 'Bahasa Indonesia',
  otherNames: ['ind', 'in', 'bahasa'],
  thinkPrefix: 'Mari berpikir langkah demi langkah dalam bahasa Indonesia.',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#aa7d8f', dark: '#e5659f' },
  units: 'jt rb',
} as const satisfies LanguageRow;
