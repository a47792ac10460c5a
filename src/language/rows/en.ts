import type { LanguageRow } from './row.js';

export const english = {
  name: 'English',
  ownName: 'English',
  otherNames: ['eng', 'us', 'gb'],
  thinkPrefix: 'Let me think about this step by step in English.',
  thinkWord: 'think',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#d55e00', dark: '#ff9a56' },
  letterWords: 'aAI',
  marks: {
    words:
      'the and of is are has have had with for that this these those she he they each how many much then we it its was were ' +
      'from which would there their them his her him you your what when where who why because since therefore thus hence ' +
      'first second next last finally total remaining left more less than equals equal plus minus times divided multiply ' +
      "add added subtract sum number numbers amount answer question problem step let let's us know need find get gets got " +
      'give gives gave given buy buys bought sell sells sold cost costs dollars dollar cents apples by every all both other ' +
      'some any not only after before if or but can could should will does did do make makes made now per day week month ' +
      'year hours minutes people days weeks be been being a an in on at to as so out up into over between about again also ' +
      'still just same half twice double altogether together i my our me no yes okay wait means while during without within ' +
      'through must may might one two three four five six seven eight nine ten twenty hundred spend spends spent money ' +
      "price rate average difference result value check think thinking start started using use used having there's that's " +
      "it's i'm don't doesn't isn't here too very well like new old long small large big house time man men woman women " +
      'child children boy girl boys girls friend friends school per cent percent',
    endings: /(?:ing|tion|ness|ful|ously|ally|ight|ould|ck|th|wh|ly)$/iu,
  },
} as const satisfies LanguageRow;
