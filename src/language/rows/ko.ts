import type { LanguageRow } from './row.js';

export const korean = {
  name: 'Korean',
  ownName: '한국어',
  otherNames: ['kor', 'kr', 'hangul', '한국말', '국어'],
  thinkPrefix: '한국어로 차근차근 생각해 보겠습니다.',
  thinkWord: '생각',
  script: 'hangul',
  segmentation: 'spaces',
  colour: { light: '#0072b2', dark: '#56b4e9' },
} as const satisfies LanguageRow;
