import type { LanguageRow } from './row.js';

export const hindi = {
  name: 'Hindi',
  ownName: 'हिन्दी',
  otherNames: ['hin', 'हिंदी'],
  thinkPrefix: 'आइए हिंदी में कदम दर कदम सोचें।',
  thinkWord: 'विचार',
  script: 'devanagari',
  segmentation: 'spaces',
  colour: { light: '#662c6b', dark: '#d77ce0' },
  units: 'किमी मी सेमी मिमी किग्रा किलो ग्रा मिली रु',
  marks: {
    words:
      'है हैं का के की में और से पर ने को था थी थे कि यह वह वे उसके उसकी उसने उसका एक तो भी ही नहीं कितने कितनी कितना कुल ' +
      'इसलिए लिए साथ बाद हम जो अब फिर हर प्रति',
  },
} as const satisfies LanguageRow;
