import type { LanguageRow } from './row.js';

export const italian = {
  name: 'Italian',
  ownName: 'italiano',
  otherNames: ['ita'],
  thinkPrefix: 'Ragioniamo passo dopo passo in italiano.',
  thinkWord: 'pensiero',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#f82676', dark: '#a96c79' },
  letterWords: 'aAeEoOiIèÈ',
  marks: {
    words:
      "il lo la i gli le l' un uno una un' di del dello della dei degli delle d' da dal dalla dai dalle in nel nello nella " +
      'nei nelle a al allo alla ai agli alle su sul sulla sui sulle con per tra fra e ed o ma è sono era erano ha hanno ' +
      "aveva avere essere c'è ci ne si che chi cui quale quali quanto quanta quanti quante come quando dove perché poiché " +
      'se non più meno molto anche già ancora ogni ciascuno ciascuna tutto tutta tutti tutte altro altra altri altre stesso ' +
      'stessa quindi allora poi dopo prima adesso ora così mentre questo questa questi queste quello quella quei lui lei ' +
      'loro io noi voi mi ti suo sua suoi sue mio mia miei totale numero risposta domanda passo somma resto rimangono ' +
      'rimane costa compra vende dà prezzo soldi giorno giorni settimana settimane mese mesi anno anni ore volte volta due ' +
      'tre quattro cinque sei sette otto nove dieci undici dodici venti cento metà doppio uguale può deve possiamo dobbiamo ' +
      "sappiamo calcolare calcoliamo trovare abbiamo ieri oggi risultato valore differenza dell' all' nell' dall' sull' " +
      'dollari dunque pertanto infatti cosa devo',
    letters: /[ìò]|(?:ll|l|d|un|c)['’](?=[aeiouèàòhé])/giu,
    endings:
      /(?:zione|zioni|iamo|ando|endo|ità|tà|mente|ato|ata|ati|uto|uta|uti|etto|etta|ella|elle|elli|gli|ggio|cchi[oae]?|zz[oaie]|ssero|arono|erono|irono|ano|ono|isce)$/iu,
  },
} as const satisfies LanguageRow;
