import type { LanguageRow } from './row.js';

export const bengali = {
  name: 'Bengali',
  ownName: 'বাংলা',
  otherNames: ['ben', 'bangla', 'bd'],
  thinkPrefix: 'চলুন বাংলায় ধাপে ধাপে ভাবি।',
  thinkWord: 'চিন্তা',
  script: 'bengali',
  segmentation: 'spaces',
  colour: { light: '#876bd0', dark: '#9473e8' },
  units: 'কিমি মি সেমি মিমি কেজি গ্রা লি',
  marks: { words: 'এবং হয় করে থেকে কত' },
} as const satisfies LanguageRow;
