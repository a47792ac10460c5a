import type { LanguageRow } from './row.js';

export const telugu = {
  name: 'Telugu',
  ownName: 'తెలుగు',
  otherNames: ['tel'],
  thinkPrefix: 'తెలుగులో దశలవారీగా ఆలోచిద్దాం.',
  thinkWord: 'ఆలోచన',
  script: 'telugu',
  segmentation: 'spaces',
  colour: { light: '#167afa', dark: '#5097ff' },
  units: 'కిమీ మీ సెమీ మిమీ కిగ్రా కేజీ గ్రా లీ రూ',
} as const satisfies LanguageRow;
