import type { LanguageRow } from './row.js';

export const portuguese = {
  name: 'Portuguese',
  ownName: 'português',
  otherNames: ['por', 'portugues', 'br'],
  thinkPrefix: 'Vou pensar passo a passo em português.',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#011e8c', dark: '#5e7ec2' },
} as const satisfies LanguageRow;
