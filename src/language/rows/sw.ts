import type { LanguageRow } from './row.js';

export const swahili = {
  name: 'Swahili',
  ownName: 'Kiswahili',
  otherNames: ['swa', 'swh', 'ke', 'tz'],
  thinkPrefix: 'Hebu tufikirie hatua kwa hatua kwa Kiswahili.',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#571f05', dark: '#d05418' },
  units: 'shs',
} as const satisfies LanguageRow;
