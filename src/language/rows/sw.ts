import type { LanguageRow } from './row.js';

export const swahili = {
  name: 'Swahili',
  ownName: 'Kiswahili',
  otherNames: ['swa', 'swh', 'ke', 'tz'],
  thinkPrefix: 'Hebu tufikirie hatua kwa hatua kwa Kiswahili.',
  thinkWord: 'fikra',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#571f05', dark: '#d05418' },
  units: 'shs',
  marks: {
    words:
      'na ya wa ni kwa za la cha vya katika hii hiyo huu huo hizi hizo hili hilo haya hayo wao yeye mimi sisi wewe ninyi ' +
      'yake yao yangu wake zake zao lake kila kama lakini au ili kwamba kuwa kuna ana wana ina una zina alikuwa walikuwa ' +
      'ilikuwa ngapi gani nini nani wapi lini je jumla idadi pia tu sana zaidi kidogo moja mbili tatu nne tano sita saba ' +
      'nane tisa kumi mia elfu mara nusu wote yote zote kwanza pili kisha baada kabla sasa hivyo basi siku wiki mwezi miezi ' +
      'mwaka miaka saa dakika pesa dola bei jibu swali hatua sawa kutoka hadi mpaka kati ndani nje juu chini bila hakuna si ' +
      'watu mtu mtoto watoto rafiki marafiki nyumba shule vitabu tufaha machungwa alinunua aliuza anauza ananunua anatumia ' +
      'huwa lazima tunahitaji tunajua kubwa ndogo mpya nyingine wengine mwingine kuhusu kwenye bado tena wakati gharama ' +
      'thamani kiasi haki yenye wenye ambayo ambao kazi',
    // Open syllables, and few kinds of consonants before the vowel.
    shape:
      /^(?:(?:m(?=[b-df-hj-np-tv-z])|n(?=[dgjzy]))?(?:(?:ch|dh|gh|kh|sh|th|ny|ng'?|mb|nd|nj|nz|mv)?[wy]?|[b-df-hj-np-tv-z][wy]?)[aeiou])+$/iu,
    beginnings:
      /^(?:(?:a|ni|u|tu|m|wa|ki|vi|i|zi|li|ya|ku|pa)(?:na|li|ta|me|ka|nge|ngeli)(?:ku|ki|vi|m|wa|i|zi|li|ya)?[b-df-hj-np-tv-z][a-z]*[aeiu]|(?:hu|ku)[b-df-hj-np-tv-z][a-z]{2,}a|(?:ha|hawa|haku|hatu|hai|hazi)[a-z]{3,}[ai]|(?:nyu|mw|ny|ng'|ki|vi|ma|wa|mi|u|m)[b-df-hj-np-tv-z][a-z]{2,}[aeiou])$/iu,
  },
} as const satisfies LanguageRow;
