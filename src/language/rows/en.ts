import type { LanguageRow } from './row.js';

export const english = {
  name: 'English',
  ownName: 'English',
  otherNames: ['eng', 'us', 'gb'],
  thinkPrefix: 'Let me think about this step by step in English.',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#d55e00', dark: '#ff9a56' },
} as const satisfies LanguageRow;
