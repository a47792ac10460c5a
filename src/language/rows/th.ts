import type { LanguageRow } from './row.js';

export const thai = {
  name: 'Thai',
  ownName: 'ไทย',
  otherNames: ['tha', 'ภาษาไทย'],
  thinkPrefix: 'ลองคิดเป็นภาษาไทยทีละขั้นตอน',
  thinkWord: 'ความคิด',
  script: 'thai',
  segmentation: 'dictionary',
  colour: { light: '#7a6400', dark: '#e3cf4f' },
} as const satisfies LanguageRow;
