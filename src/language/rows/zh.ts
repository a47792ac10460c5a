import type { LanguageRow } from './row.js';

export const chinese = {
  name: 'Chinese',
  ownName: '中文',
  otherNames: ['zho', 'chi', 'cn', 'cmn', 'mandarin', 'tw', '汉语', '漢語', '普通话', '简体中文', '繁體中文'],
  thinkPrefix: '让我用中文一步一步地思考。',
  thinkWord: '思考',
  script: 'han',
  segmentation: 'dictionary',
  colour: { light: '#009e73', dark: '#3fd6a8' },
} as const satisfies LanguageRow;
