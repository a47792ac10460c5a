import { matchAt, type Reading } from './counting_units.js';
import { add, decimal, divide, multiply, negate, type Rational } from './rational.js';

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
    scales: { hundred: 100, thousand: 1e3, million: 1e6, billion: 1e9 },
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

/** Longest first, so that seventeen is not seven. */
const PATTERNS = LANGUAGES.map((language) => {
  const all = [...Object.keys(language.words), ...Object.keys(language.scales)].sort((a, b) => b.length - a.length);
  return new RegExp(`(${language.joint})(${all.join('|')})`, 'iuy');
});
/** Characters and words of one number that are read. */
const LONGEST = 160;
const MOST_WORDS = 24;
const SIGN = /(?:minus|negative|мінус|минус|마이너스|マイナス|负|負|ลบ) ?/iuy;
const POINT = /[点點]([零〇一二三四五六七八九]{1,20})/uy;
const PERCENT = /百分之/uy;
const SHARE = /分[之の]|분의 ?/uy;

export type WordReading = Reading & { percent: boolean };

/**
 * The number that is written in words at `at`: thirty-five, 三十五, 삼십오, 서른다섯, สามสิบห้า, тридцять п'ять, тридцать пять; a sign
 * in words before it; 百分之二十八, 三分之二, 三点五. Null where there is none, or where the word is part of another.
 */
export function readNumberWords(whole: string, at: number): WordReading | null {
  const text = whole.slice(at, at + LONGEST).replace(/[’ʼ]/g, "'");
  const sign = matchAt(SIGN, text, 0);
  const afterSign = sign?.[0].length ?? 0;
  const percent = matchAt(PERCENT, text, afterSign);
  const from = afterSign + (percent?.[0].length ?? 0);
  for (const [i, language] of LANGUAGES.entries()) {
    const read = readIn(language, PATTERNS[i]!, text, from);
    if (read === null) continue;
    const share = matchAt(SHARE, text, read.end);
    const above = share === null ? null : readIn(language, PATTERNS[i]!, text, read.end + share[0].length);
    const value = above === null ? read.value : divide(above.value, read.value);
    const end = above?.end ?? read.end;
    if (value === null || !language.end.test(text.slice(end, end + 12))) continue;
    return { value: sign === null ? value : negate(value), end: at + end, percent: percent !== null };
  }
  return null;
}

function readIn({ words, scales, section }: NumberWords, pattern: RegExp, text: string, at: number): Reading | null {
  let total = decimal('0')!;
  let part = total;
  let digit: Rational | null = null;
  let end = at;
  let last = Infinity;
  let count = 0;
  for (; count < MOST_WORDS; count++) {
    const match = matchAt(pattern, text, end);
    if (match === null || (count === 0 && match[1] !== '')) break;
    const word = match[2]!.toLowerCase();
    const scale = scales[word];
    if (scale === undefined) {
      const value = words[word]!;
      // Twenty-five, but not five twenty; two digits in a row are no number.
      if (digit !== null || (count > 0 && value >= last && value !== 0)) break;
      if (value >= 20 || value === 10) {
        part = add(part, exact(value));
        last = value >= 100 ? 100 : 10;
      } else if (value !== 0 || count === 0) {
        digit = exact(value);
        last = 1;
      }
    } else if (scale >= section) {
      total = add(total, multiply(zeroIsOne(digit === null ? part : add(part, digit)), exact(scale)));
      part = decimal('0')!;
      digit = null;
      last = scale;
    } else {
      part = add(part, multiply(digit ?? exact(1), exact(scale)));
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

const exact = (value: number): Rational => decimal(String(value))!;
const zeroIsOne = (value: Rational): Rational => (value.numerator === 0n ? exact(1) : value);
