import { numbered, WORD_BEGIN, WORD_END, type NumberWords } from '../row.js';

const TENS =
  'عشرون|عشرين ثلاثون|ثلاثين أربعون|أربعين|اربعون|اربعين خمسون|خمسين ستون|ستين سبعون|سبعين ثمانون|ثمانين تسعون|تسعين';
/** Of 13 to 19 and of the hundreds. */
const UNITS = ['ثلاث', 'أربع', 'خمس', 'ست', 'سبع', 'ثمان', 'تسع'];
const TEENS = UNITS.flatMap((unit, i): [string, number][] =>
  [`${unit} عشرة`, `${unit}ة عشر`, `${unit}ي عشرة`, `${unit}ية عشر`].map((key) => [key, 13 + i]),
);
const HUNDREDS = UNITS.flatMap((unit, i): [string, number][] =>
  [`${unit}مائة`, `${unit}مئة`, `${unit}ي مائة`, `${unit}ي مئة`, `${unit} مائة`, `${unit} مئة`].map((key) => [
    key,
    300 + 100 * i,
  ]),
);

export const AR: NumberWords = {
  languages: ['ar'],
  words: {
    ...numbered(
      0,
      'صفر واحد|واحدة|أحد|إحدى اثنان|إثنان|اثنين|اثنتان|اثنتين|إثنتان ثلاثة|ثلاث أربعة|أربع|اربعة|اربع خمسة|خمس ستة|ست سبعة|سبع ثمانية|ثماني|ثمان|ثمانٍ تسعة|تسع عشرة|عشر',
    ),
    ...numbered(11, 'أحد_عشر|إحدى_عشرة|إحدى_عشر|احد_عشر اثنا_عشر|إثنا_عشر|اثني_عشر|اثنتا_عشرة|إثنتا_عشرة'),
    ...Object.fromEntries(TEENS),
    ...numbered(20, TENS, 10),
    ...{ مئتان: 200, مائتان: 200, مئتين: 200, مائتين: 200, مئتا: 200, مائتا: 200 },
    ...Object.fromEntries(HUNDREDS),
    ...{ ألفان: 2000, ألفين: 2000, ألفا: 2000, ألفي: 2000 },
  },
  scales: {
    ...{ دزينة: 12, مائة: 100, مئة: 100, ألف: 1e3, الف: 1e3, آلاف: 1e3, ألفًا: 1e3, ألفاً: 1e3 },
    ...{ مليون: 1e6, ملايين: 1e6, مليونًا: 1e6, مليار: 1e9, مليارات: 1e9 },
  },
  section: 1e3,
  unitFirst: /و/,
  joint: '(?:،? و ?| )',
  begin: WORD_BEGIN,
  end: WORD_END,
  alone: { نصف: '0.5', النصف: '0.5', ربع: '0.25' },
  andHalf: ' و ?نصف',
};
