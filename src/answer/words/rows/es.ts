import { numbered, WORD_BEGIN, WORD_END, type NumberWords } from '../row.js';

export const ES: NumberWords = {
  languages: ['es'],
  words: {
    ...numbered(
      0,
      'cero uno|un|una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis|dieciseis diecisiete dieciocho diecinueve veinte veintiuno|veintiún|veintiuna|veintiun veintidós|veintidos veintitrés|veintitres veinticuatro veinticinco veintiséis|veintiseis veintisiete veintiocho veintinueve',
    ),
    ...numbered(30, 'treinta cuarenta cincuenta sesenta setenta ochenta noventa', 10),
    ...numbered(
      100,
      'cien|ciento doscientos|doscientas trescientos|trescientas cuatrocientos|cuatrocientas quinientos|quinientas seiscientos|seiscientas setecientos|setecientas ochocientos|ochocientas novecientos|novecientas',
      100,
    ),
  },
  scales: {
    ...{ docena: 12, docenas: 12, mil: 1e3, millón: 1e6, millon: 1e6, millones: 1e6, billón: 1e12, billones: 1e12 },
  },
  section: 1e3,
  joint: '(?: y | )?',
  begin: WORD_BEGIN,
  end: WORD_END,
  alone: { medio: '0.5', media: '0.5', 'la mitad': '0.5', 'un cuarto': '0.25' },
  andHalf: ' y medi[oa]',
  ambiguous: 'once mil media un',
};
