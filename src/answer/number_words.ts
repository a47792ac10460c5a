import type { Reading } from './counting_units.js';
import { matchAt } from './match_at.js';
import { PERCENT } from './number.js';
import { add, decimal, divide, multiply, negate, ONE_HALF, whole, type Rational } from './rational.js';

type Tokens = Readonly<Record<string, number>>;
/** A language's words for numbers. A scale multiplies what stands before it, and from `section` on closes it. */
interface NumberWords {
  words: Tokens;
  scales: Tokens;
  section: number;
  /** What may stand between two words, as a regular expression. */
  joint: string;
  /** What must follow the last word. */
  end: RegExp;
}

const numbered = (first: number, words: string, step = 1): Tokens =>
  Object.fromEntries(words.split(' ').map((word, i) => [word, first + i * step]));

/** Behind the word: the end, punctuation, or a counter or copula that does not make another word of it. */
const CJK_END =
  /^(?:$|[\s\p{P}=]|[个個只支本元块塊人名岁歲天年月日米厘枚匹台冊円点張张条條辆輛杯页頁棵朵颗顆瓶箱袋斤度歩步题題つ]|小时|小時|时間|時間|分钟|分間|公里|千克|公斤|です|でした|だ|になり|である)/u;
const KOREAN_END =
  /^(?:$|[\s\p{P}=]|입니다|이다|이에요|예요|이고|개|명|마리|원|권|자루|살|시간|분|일|년|대|장|송이|그루|번|점|쪽|잔|병|킬로|미터|센티)/u;
const WORD_END = /^(?![\p{L}\p{M}\d])/u;

const LANGUAGES: readonly NumberWords[] = [
  {
    words: {
      ...numbered(
        0,
        'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
      ),
      ...numbered(20, 'twenty thirty forty fifty sixty seventy eighty ninety', 10),
    },
    scales: { dozen: 12, hundred: 100, thousand: 1e3, million: 1e6, billion: 1e9 },
    section: 1e3,
    joint: '(?:[ -]|,? and )?',
    end: /^(?![\p{L}\d]| of\b)/u,
  },
  {
    words: { ...numbered(0, '零 一 二 三 四 五 六 七 八 九'), 〇: 0, 两: 2, 兩: 2, 壱: 1, 弐: 2, 参: 3 },
    scales: { 十: 10, 百: 100, 千: 1e3, 万: 1e4, 萬: 1e4, 亿: 1e8, 億: 1e8, 兆: 1e12 },
    section: 1e4,
    joint: '',
    end: CJK_END,
  },
  {
    words: { ...numbered(0, '영 일 이 삼 사 오 육 칠 팔 구'), 공: 0, 륙: 6 },
    scales: { 십: 10, 백: 100, 천: 1e3, 만: 1e4, 억: 1e8, 조: 1e12 },
    section: 1e4,
    joint: ' ?',
    end: KOREAN_END,
  },
  {
    words: {
      ...numbered(1, '하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉 열'),
      ...numbered(1, '한 두 세 네'),
      ...numbered(20, '스물 서른 마흔 쉰 예순 일흔 여든 아흔', 10),
      스무: 20,
      백: 100,
    },
    scales: {},
    section: 1e4,
    joint: ' ?',
    end: KOREAN_END,
  },
  {
    words: { ...numbered(0, 'ศูนย์ หนึ่ง สอง สาม สี่ ห้า หก เจ็ด แปด เก้า'), เอ็ด: 1, ยี่: 2 },
    scales: { สิบ: 10, ร้อย: 100, พัน: 1e3, หมื่น: 1e4, แสน: 1e5, ล้าน: 1e6 },
    section: 1e6,
    joint: '',
    end: /^(?:$|[\s\p{P}]|คน|บาท|ลูก|ตัว|ผล|ชิ้น|อัน|เล่ม|วัน|ชั่วโมง|นาที|ปี|ครับ|ค่ะ)/u,
  },
  slavic(
    "нуль один два три чотири п'ять шість сім вісім дев'ять десять одинадцять дванадцять тринадцять чотирнадцять п'ятнадцять шістнадцять сімнадцять вісімнадцять дев'ятнадцять",
    "двадцять тридцять сорок п'ятдесят шістдесят сімдесят вісімдесят дев'яносто",
    "сто двісті триста чотириста п'ятсот шістсот сімсот вісімсот дев'ятсот",
    { одна: 1, одне: 1, дві: 2 },
    { тисяча: 1e3, тисячі: 1e3, тисяч: 1e3, мільйон: 1e6, мільйони: 1e6, мільйонів: 1e6 },
  ),
  slavic(
    'ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать',
    'двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто',
    'сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот',
    { одна: 1, одно: 1, две: 2 },
    { тысяча: 1e3, тысячи: 1e3, тысяч: 1e3, миллион: 1e6, миллиона: 1e6, миллионов: 1e6 },
  ),
];

function slavic(small: string, tens: string, hundreds: string, forms: Tokens, scales: Tokens): NumberWords {
  const words = { ...numbered(0, small), ...numbered(20, tens, 10), ...numbered(100, hundreds, 100), ...forms };
  return { words, scales, section: 1e3, joint: ' ?', end: WORD_END };
}

/** Every word of a language, longest first, so that seventeen is not seven. */
const alternatives = ({ words, scales }: NumberWords): string =>
  [...Object.keys(words), ...Object.keys(scales)].sort((a, b) => b.length - a.length).join('|');

const PATTERNS = LANGUAGES.map((language) => {
  // 삼백이다 is 300 and the copula.
  return new RegExp(
    `(${language.joint})(${alternatives(language).replace('|이|', '|이(?!다|에요|고|며|므로)|')})`,
    'iuy',
  );
});
/** Where a number in words may begin; in a language with spaces, at the head of a word. Not the third, and not Tuesday (星期二). */
const OPENING = new RegExp(
  [
    String.raw`(?<![\p{L}\p{M}'’-])(?:minus|negative|мінус|минус|an? (?=hundred|thousand|million|dozen|half|third|quarter)|half|пів|полов|полтор)`,
    String.raw`(?<![가-힣])(?:마이너스|절반)|マイナス|[负負]|百分之|一半|半分|ลบ|ครึ่ง|เศษ`,
    ...LANGUAGES.map((language) => {
      const all = alternatives(language);
      const before = /[a-zа-я]/i.test(all)
        ? String.raw`(?<![\p{L}\p{M}'’-])`
        : /[가-힣]/.test(all)
          ? '(?<![가-힣])'
          : '(?<![第周期])';
      return `${before}(?:${all})`;
    }),
  ].join('|'),
  'giu',
);

const BEGINS = new RegExp(`^(?:${OPENING.source})`, 'iu');

/** Every number in words of a short text, in order. */
export function readAllNumberWords(text: string): (WordReading & { start: number })[] {
  const found: (WordReading & { start: number })[] = [];
  const opening = new RegExp(OPENING);
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const read = readNumberWords(text, match.index);
    opening.lastIndex = read?.end ?? match.index + 1;
    if (read !== null) found.push({ ...read, start: match.index });
  }
  return found;
}

/** Characters and words of one number that are read. */
const LONGEST = 160;
const MOST_WORDS = 24;
const SIGN = /(?:minus|negative|мінус|минус|마이너스|マイナス|负|負|ลบ) ?/iuy;
const POINT = /[点點]([零〇一二三四五六七八九]{1,20})/uy;
const PERCENT_FIRST = /百分之|ร้อยละ ?/uy;
const SHARE = /分[之の]|분의 ?/uy;
const ARTICLE = /an? (?=hundred|thousand|million|dozen|half|third|quarter)/iuy;
/** 三成, 二割八分, of ten. */
const TENTHS = /成|割(?:([一二三四五六七八九])分)?/uy;
const THAI_SHARE = /เศษ ?/uy;
const THAI_PARTS = / ?ส่วน ?/uy;
/** Parts that are counted: two thirds, дві третини. */
const PARTS: readonly (readonly [RegExp, number])[] = [
  [/[ -](?:half|halves|половин[аи])(?!\p{L})/iuy, 2],
  [/[ -](?:thirds?|третин[аи]?|трет[ьи])(?!\p{L})/iuy, 3],
  [/[ -](?:quarters?|fourths?|чверт[ьі]|четверт[ьи])(?!\p{L})/iuy, 4],
  [/[ -](?:fifths?|п'ят(?:а|их)|пят(?:ая|ых))(?!\p{L})/iuy, 5],
  [/[ -](?:sixths?|шост(?:а|их)|шест(?:ая|ых))(?!\p{L})/iuy, 6],
  [/[ -](?:sevenths?|сьом(?:а|их)|седьм(?:ая|ых))(?!\p{L})/iuy, 7],
  [/[ -](?:eighths?|восьм(?:а|их|ая|ых))(?!\p{L})/iuy, 8],
  [/[ -](?:ninths?|дев'ят(?:а|их)|девят(?:ая|ых))(?!\p{L})/iuy, 9],
  [/[ -](?:tenths?|десят(?:а|их|ая|ых))(?!\p{L})/iuy, 10],
  [/[ -](?:hundredths?|сот(?:а|их|ая|ых))(?!\p{L})/iuy, 100],
];
const AND_HALF = / and (?:a|one) half(?!\p{L})| з половиною| с половиной|半/iuy;
/** A number by itself that is a part: half, півтора. */
const ALONE: readonly (readonly [RegExp, string])[] = [
  [/(?:a )?half(?!\p{L}| of)|(?:пів|половина)(?!\p{L})|절반|一半|半分|ครึ่ง(?:หนึ่ง)?/iuy, '0.5'],
  [/(?:a )?quarter(?!\p{L}| of)|(?:чверть|четверть)(?!\p{L})/iuy, '0.25'],
  [/(?:півтор[аи]|полтор[аы])(?!\p{L})/iuy, '1.5'],
];

export type WordReading = Reading & { percent: boolean };

/**
 * The number that is written in words at `at`: thirty-five, 三十五, 삼십오, 서른다섯, สามสิบห้า, тридцять п'ять, тридцать пять; a sign
 * in words before it; 百分之二十八, 三分之二, 三点五. Null where there is none, or where the word is part of another.
 */
export function readNumberWords(all: string, at: number): WordReading | null {
  const text = all.slice(at, at + LONGEST).replace(/[’ʼ]/g, "'");
  if (!BEGINS.test(text)) return null;
  const sign = matchAt(SIGN, text, 0);
  const afterSign = sign?.[0].length ?? 0;
  const percent = matchAt(PERCENT_FIRST, text, afterSign);
  const opening = percent ?? matchAt(ARTICLE, text, afterSign) ?? matchAt(THAI_SHARE, text, afterSign);
  const from = afterSign + (opening?.[0].length ?? 0);
  const reading = (value: Rational, end: number, percent: boolean): WordReading => ({
    value: sign === null ? value : negate(value),
    end: at + end,
    percent,
  });
  // Before the words: 一半 is a half, and no one and a half.
  for (const [pattern, value] of ALONE) {
    const match = matchAt(pattern, text, afterSign);
    if (match !== null) return reading(decimal(value)!, afterSign + match[0].length, false);
  }
  for (const [i, language] of LANGUAGES.entries()) {
    const first = readIn(language, PATTERNS[i]!, text, from);
    if (first === null) continue;
    const read = readParts(language, PATTERNS[i]!, text, first);
    const tenths = matchAt(TENTHS, text, read.end);
    const after = tenths ?? matchAt(PERCENT, text, read.end);
    const end = read.end + (after?.[0].length ?? 0);
    if (after === null && !language.end.test(text.slice(end, end + 12))) continue;
    const hundredths =
      tenths === null ? read.value : add(multiply(read.value, whole(10)), whole(language.words[tenths[1] ?? ''] ?? 0));
    return reading(hundredths, end, percent !== null || after !== null);
  }
  return null;
}

/** The fraction whose first number was read: 三分之二, 삼분의 이, เศษสองส่วนสาม, two thirds, two and a half. */
function readParts(language: NumberWords, pattern: RegExp, text: string, { value, end }: Reading): Reading {
  const share = matchAt(SHARE, text, end) ?? matchAt(THAI_PARTS, text, end);
  const other = share === null ? null : readIn(language, pattern, text, end + share[0].length);
  if (share !== null && other !== null) {
    const part = share[0].includes('ส่วน') ? divide(value, other.value) : divide(other.value, value);
    if (part !== null) return { value: part, end: other.end };
  }
  for (const [parts, n] of PARTS) {
    const match = matchAt(parts, text, end);
    if (match !== null) return { value: divide(value, whole(n))!, end: end + match[0].length };
  }
  const half = matchAt(AND_HALF, text, end);
  return half === null ? { value, end } : { value: add(value, ONE_HALF), end: end + half[0].length };
}

function readIn({ words, scales, section }: NumberWords, pattern: RegExp, text: string, at: number): Reading | null {
  let total = whole(0);
  let part = total;
  let digit: Rational | null = null;
  let end = at;
  let last = Infinity;
  let count = 0;
  let previous = '';
  for (; count < MOST_WORDS; count++) {
    const match = matchAt(pattern, text, end);
    if (match === null || (count === 0 && match[1] !== '')) break;
    const word = match[2]!.toLowerCase();
    const scale = scales[word];
    if (scale !== undefined && word === previous) break;
    previous = word;
    if (scale === undefined) {
      const value = words[word]!;
      // Twenty-five, but not five twenty; two digits in a row are no number.
      if (digit !== null || (count > 0 && value >= last && value !== 0)) break;
      if (value >= 20 || value === 10) {
        part = add(part, whole(value));
        last = value >= 100 ? 100 : 10;
      } else if (value !== 0 || count === 0) {
        digit = whole(value);
        last = 1;
      }
    } else if (scale >= section && count > 0 && digit === null && part.numerator === 0n && last < scale) {
      total = multiply(add(total, part), whole(scale)); // 一万亿
      part = whole(0);
      last = scale;
    } else if (scale >= section) {
      total = add(total, multiply(zeroIsOne(digit === null ? part : add(part, digit)), whole(scale)));
      part = whole(0);
      digit = null;
      last = scale;
    } else {
      part = add(part, multiply(digit ?? whole(1), whole(scale)));
      digit = null;
      last = scale;
    }
    end += match[0].length;
  }
  if (count === 0) return null;
  const value = add(total, digit === null ? part : add(part, digit));
  const point = matchAt(POINT, text, end);
  if (point === null) return { value, end };
  const places = Array.from(point[1]!, (sign) => words[sign] ?? 0).join('');
  return { value: add(value, decimal(`0.${places}`)!), end: end + point[0].length };
}

const zeroIsOne = (value: Rational): Rational => (value.numerator === 0n ? whole(1) : value);
