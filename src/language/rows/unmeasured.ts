import type { ScriptName } from '../script.js';
import type { Marks } from './row.js';

/**
 * Languages that are not measured and share a script with ones that are, by the marks that tell them from those: counted as
 * `other`. Persian and Urdu write Arabic's letters and some of their own, Marathi and Nepali Hindi's, Assamese Bengali's. Of Latin
 * letters those that eld alone takes for a measured neighbour: Dutch, Danish, Norwegian and Swedish for German, Catalan and
 * Romanian for Spanish and French, Malay for Indonesian (one language to eld, so it is not asked), Tagalog and Somali, which have no neighbour. Cyrillic ones: cyrillic.ts.
 */
export const UNMEASURED: Partial<Record<ScriptName, Record<string, Marks>>> = {
  arabic: {
    fa: { letters: /[پچژگکی]/gu, words: 'از در این است را که با برای آن شد' },
    ur: { letters: /[ےہھںٹڈڑ]/gu, words: 'کے کا کی میں سے پر اور ہے ہیں نے کو' },
    others: { letters: /[ۆێڵۇەټډړښڼې]/gu, words: 'لە بە' },
  },
  devanagari: {
    mr: {
      letters: /ळ/gu,
      words:
        'आहे आहेत आणि नाही होते होता मध्ये ती त्याने तिने त्याच्या तिच्या त्याला तिला एकूण मग म्हणून पण काय झाले किंवा या हे ते आपल्या',
      endings: /(?:च्या|ांना|ांनी|ण्याचा|ण्यास)$/u,
    },
    ne: {
      words: 'छ छन् थियो थिए र मा लाई गर्छ गर्न भने भयो कति जम्मा पनि उनले उसले हुन्छ तर किन भएको गरेको वा यो तपाईं तपाईंको',
      endings: /(?:हरू|हरूको|बाट|न्छ|न्छन्|ुहोस्)$/u,
    },
  },
  bengali: { as: { letters: /[ৰৱ]/gu, words: 'আৰু হয় কৰে পৰা কিমান' } },
  latin: {
    nl: {
      words:
        'de het een en van in is dat die niet met voor op te aan zijn er maar om hem haar ook als bij wordt heeft hebben had door ' +
        'over uit naar deze dit dan nog wel geen wat hoeveel meer keer per dag uur jaar twee drie vijf zes zeven acht negen tien ' +
        'twaalf hij zij ze ik je we jij ons daarom dus elke elk alle totaal antwoord nu moet kan worden werd waren was geeft koopt',
      letters: /ij|aa|uu/giu,
      endings: /(?:ijk|ijke|heid|eren|oor|aar|aat)$/iu,
    },
    sv: {
      words:
        'och att det som en ett är av för på med till den inte har de om han hon var ska men hur många mycket också från eller ' +
        'kan så nu vid under efter varje två tre fyra fem sex sju åtta nio tio tolv sin sitt sina hans hennes vi jag du ni måste ' +
        'då alla detta denna dessa kvar svar antal när vara blir får ger köper skall äger rätt',
      letters: /å/giu,
      endings: /(?:ning|ningar|arna|erna|orna|het|iska)$/iu,
    },
    da: {
      words:
        'og at det som en et er af for på med til den ikke har de om han hun var skal men hvor mange meget også fra eller kan så ' +
        'nu ved under efter hver to tre fire fem seks syv otte ni ti tolv sin sit sine hans hendes vi jeg du må da alle dette ' +
        'denne disse tilbage svar antal når være bliver får giver køber ret enhver hvert av ikkje',
      letters: /[øæå]/giu,
      endings: /(?:ning|erne|ene|hed|else|iske)$/iu,
    },
    ca: {
      words:
        "el la els les un una uns unes de del dels d' l' a al als i o però és són era amb per que qui què com quan on quants quantes " +
        'no sí més menys molt també ja cada tot tota tots totes altre altra llavors després abans ara així això aquest aquesta ' +
        'aquests aquestes seu seva seus seves li en ha han té tenen dos tres quatre cinc sis set vuit nou deu dotze meitat resposta ' +
        "s' n' té dret ésser",
      letters: /l·l|ny(?!a$)|[òèï]/giu,
      endings: /(?:ció|cions|tat|ment|ats|ades|esa|ixen|eix)$/iu,
    },
    ro: {
      words:
        'și în de la cu un o pe că este sunt nu din pentru mai se au a ai ale al lui ei lor să sau dacă când cât câte câți are ' +
        'avea după prin fiecare două trei patru cinci șase șapte opt nouă zece doisprezece iar dar acum apoi deci orice această acest ' +
        'acestui fie nici orice are dreptul',
      letters: /[șțşţăâ](?![\u0300-\u036f])/giu,
      endings: /(?:ului|lor|ilor|rea|ește|ează|ții|ție|iei|elor)$/iu,
    },
    malay: {
      words:
        'ialah iaitu kerana lapan wang basikal awak adakah ringgit epal ahad isnin khamis jumaat darab beliau hendaklah dipanggil ' +
        'anugerah pejabat mesyuarat bahawa tidak boleh sila cuba ubah katalaluan emel',
    },
    tl: {
      words:
        'ang ng sa mga na ay si ni kay at o hindi may mayroon siya niya kanya ako ko ka mo kami tayo sila nila ito iyon kung para ilan ' +
        'ilang lahat bawat isa dalawa tatlo apat lima anim pito walo siyam sampu labindalawa ano paano kaya pero din rin lang pa karapatan',
      endings: /(?:ng|an|in)$/iu,
    },
    so: {
      words:
        'waa iyo oo ku ka u ee ay uu in ah la leh ayaa wuxuu waxaa waxay kala kasta qof xaq soo iyada isaga laba saddex afar shan ama',
      letters: /aa|ii|uu|dh/giu,
    },
  },
};
