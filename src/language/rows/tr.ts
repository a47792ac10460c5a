import type { LanguageRow } from './row.js';

export const turkish = {
  name: 'Turkish',
  ownName: 'Türkçe',
  otherNames: ['tur', 'turkce'],
  thinkPrefix: 'Adım adım Türkçe düşünelim.',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#9b8e27', dark: '#8a8247' },
  units: 'sa dk sn TL',
} as const satisfies LanguageRow;
