import type { LanguageRow } from './row.js';

export const german = {
  name: 'German',
  ownName: 'Deutsch',
  otherNames: ['deu', 'ger', 'at'],
  thinkPrefix: 'Ich denke Schritt für Schritt auf Deutsch nach.',
  thinkWord: 'Gedanken',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#013305', dark: '#2c9934' },
  units: 'Std Min Sek Stk',
  marks: {
    words:
      'der die das den dem des ein eine einen einem einer eines und oder aber ist sind war waren wird werden wurde hat ' +
      'haben hatte er sie es wir ihr ich du ihn ihm ihnen uns mich dich sich mein sein seine seinen seiner ihre ihren ihrer ' +
      'unser nicht kein keine mit von vom zu zum zur für auf an am im in bei nach aus über unter um durch ohne gegen vor ' +
      'seit bis als wie wenn dass weil ob da wieviel viele viel mehr weniger noch nur auch schon dann also denn so somit ' +
      'daher deshalb damit zuerst nun jetzt hier dort jede jeder jedes jeden jedem alle alles beide pro mal gleich ' +
      'insgesamt gesamt zusammen anzahl zahl antwort frage aufgabe schritt beträgt ergibt kostet kauft verkauft gibt ' +
      'bekommt braucht müssen muss kann können wollen soll macht machen berechnen rechnen hälfte doppelte übrig tag tage ' +
      'tagen woche wochen jahr jahre jahren stunde stunden minuten geld preis wert summe ergebnis eins zwei drei vier fünf ' +
      'sechs sieben acht neun zehn elf zwölf zwanzig hundert diese dieser dieses diesen diesem welche welcher wer was wo ' +
      'wann warum sehr gut gestern heute morgen wieder immer zwischen während moment stimmt',
    letters: /[ßäöü]/giu,
    endings: /(?:ung|ungen|heit|keit|lich|lichen|isch|schen|icht|tzt|ieren|chen|zehn|zig)$/iu,
  },
} as const satisfies LanguageRow;
