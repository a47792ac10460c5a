import type { LanguageRow } from './row.js';

export const japanese = {
  name: 'Japanese',
  ownName: '日本語',
  otherNames: ['jpn', 'jp'],
  thinkPrefix: '日本語で順を追って考えてみます。',
  thinkWord: '思考',
  script: 'kana',
  segmentation: 'dictionary',
  colour: { light: '#a8457f', dark: '#e79fc8' },
} as const satisfies LanguageRow;
