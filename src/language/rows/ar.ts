import type { LanguageRow } from './row.js';

export const arabic = {
  name: 'Arabic',
  ownName: 'العربية',
  otherNames: ['ara', 'arb', 'عربي', 'عربية'],
  thinkPrefix: 'لنفكر خطوة بخطوة باللغة العربية.',
  thinkWord: 'تفكير',
  script: 'arabic',
  segmentation: 'spaces',
  colour: { light: '#03642b', dark: '#b2e7bc' },
  units: 'كم م سم مم كجم كغ كغم غ غم ل مل',
  marks: {
    words:
      'في من على إلى أن إن هذا هذه ذلك التي الذي ثم كل كم هو هي ما مع عن أو لا إذا كان كانت لديه لديها عدد قد لقد بعد قبل',
    letters: /[يكةأإى]/gu,
  },
} as const satisfies LanguageRow;
