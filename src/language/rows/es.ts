import type { LanguageRow } from './row.js';

export const spanish = {
  name: 'Spanish',
  ownName: 'español',
  otherNames: ['spa', 'espanol', 'castellano', 'castilian', 'mx'],
  thinkPrefix: 'Voy a pensarlo paso a paso en español.',
  thinkWord: 'pensamiento',
  script: 'latin',
  segmentation: 'spaces',
  colour: { light: '#bc4ff2', dark: '#f0dcfd' },
  units: 'hs pts',
  letterWords: 'aAeEoOuUyY',
  marks: {
    words:
      'el la los las un una unos unas de del al y e o u pero es son era eran está están estaba fue fueron ha han había ' +
      'tiene tienen tenía hay que quien cual cuál cuánto cuánta cuántos cuántas qué cómo como cuando cuándo donde dónde ' +
      'porque por para con sin sobre entre hasta desde hacia en a se le les lo me te nos mi su sus mis tu este esta estos ' +
      'estas ese esa esos esas eso esto aquel él ella ellos ellas yo nosotros usted no sí si más menos muy también ya aún ' +
      'todavía cada todo toda todos todas otro otra otros otras mismo misma entonces luego después antes primero ahora así ' +
      'ademas además mientras total número respuesta pregunta paso suma resto queda quedan cuesta cuestan compra vende da ' +
      'precio dinero día días semana semanas mes meses año años hora horas veces vez dos tres cuatro cinco seis siete ocho ' +
      'nueve diez once doce veinte cien mitad doble igual puede debe podemos debemos sabemos calcular calculamos encontrar ' +
      'tenemos necesitamos ayer hoy resultado valor diferencia según dólares',
    letters: /[ñ]/giu,
    endings:
      /(?:ción|ciones|amos|imos|ando|iendo|dad|dades|aron|ieron|mente|illo|illa|aba|aban|ía|ían|ado|ada|ados|adas|ito|itos)$/iu,
  },
} as const satisfies LanguageRow;
