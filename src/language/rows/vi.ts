import type { LanguageRow } from './row.js';

export const vietnamese = {
  name: 'Vietnamese',
  ownName: 'Tiếng Việt',
  otherNames: ['vie', 'vn'],
  thinkPrefix: 'Hãy suy nghĩ từng bước bằng tiếng Việt.',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#174258', dark: '#96d4f7' },
  units: 'đ',
} as const satisfies LanguageRow;
