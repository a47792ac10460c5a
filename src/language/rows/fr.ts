import type { LanguageRow } from './row.js';

export const french = {
  name: 'French',
  ownName: 'français',
  otherNames: ['fra', 'fre', 'francais'],
  thinkPrefix: 'Réfléchissons étape par étape en français.',
  thinkWord: 'pensée',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#430749', dark: '#b056b8' },
  units: 'kgs mn',
  letterWords: 'aAyYàÀôÔ',
  marks: {
    words:
      "le la les l' un une des du de d' au aux et ou mais est sont était étaient a ont avait avoir être fait il elle ils " +
      "elles on nous vous je j' tu me m' te se s' ne n' pas plus moins que qu' qui quoi dont où ce c' cet cette ces cela ça " +
      'son sa ses leur leurs mon ma mes notre nos votre pour par avec sans sur sous dans en entre vers chez après avant ' +
      "pendant depuis comme si quand lorsque parce car donc alors ainsi puis ensuite enfin d'abord tout tous toute toutes " +
      'chaque chacun combien quel quelle quels quelles même encore aussi très bien trop peu beaucoup total nombre réponse ' +
      'question étape somme reste restent coûte achète vend donne prix argent jour jours semaine semaines mois an ans année ' +
      'années heure heures fois deux trois quatre cinq six sept huit neuf dix onze douze vingt cent moitié double égal y ' +
      "faut peut doit pouvons devons savons calculons trouver calculer c'est n'est qu'il qu'elle d'un d'une l'on hier " +
      "aujourd'hui maintenant voici voilà résultat valeur différence",
    letters: /[œêëîïûùçèàâ]|[dlnsjcmqut]['’](?=[aeiouyhéèêàâîôû])/giu,
    endings: /(?:eux|euse|ement|aient|ions|ez|tion|ique|aux|eaux|oir|elle|ette)$/iu,
  },
} as const satisfies LanguageRow;
