import { matchAt } from './match_at.js';
import { add, decimal, multiply, whole, type Rational } from './rational.js';
import { readScale } from './words/scales.js';

/** A number and where it ends. */
export interface Reading {
  value: Rational;
  end: number;
}

const ten = (places: number): Rational => decimal('1', places)!;
const ZERO = whole(0);

/** Of East Asia: small units gather within a section, large ones close it (2千5百万 is 2500 times 10,000). */
const SMALL: Record<string, number> = { 십: 1, 十: 1, 拾: 1, 백: 2, 百: 2, 천: 3, 千: 3 };
const LARGE: Record<string, number> = { 만: 4, 万: 4, 萬: 4, 억: 8, 亿: 8, 億: 8, 조: 12, 兆: 12 };
/** 千克 and 千米 are units of measure, 5만큼 is "as much as 5", 3조 may be the third team. */
const UNIT =
  / ?(?:[십백천억](?![가-힣]*년대)|만(?!큼)|조(?= ?(?:\d|원|달러|엔|위안))|[十拾万萬亿億]|百(?!分)|千(?![克米瓦卡帕焦赫升])|兆(?![赫瓦帕字]))/uy;
const PART = /( ?)(\d{1,3}(?:,\d{3})+|\d{1,400}(?:\.\d{1,400})?)/y;

/** The others, written after the number, a space between or none. */
const NAMED: readonly (readonly [RegExp, number])[] = [
  [/ ?(?:hundred|сот(?:ень|ня|ні|ен|ня)|ร้อย(?!ละ))(?!\p{Script=Latin}|\p{Script=Cyrillic})/uy, 2],
  [/ ?(?:thousand|тисяч[аіу]?|тис\.|тысяч[аиу]?|тыс\.|พัน)(?!\p{Script=Latin}|\p{Script=Cyrillic})/uy, 3],
  [/[kK](?![\p{Script=Latin}\p{Script=Cyrillic}\d/])/uy, 3],
  [/(?:M|mln|mn)(?![\p{Script=Latin}\p{Script=Cyrillic}\d/])/uy, 6],
  [/(?:B|bn)(?![\p{Script=Latin}\p{Script=Cyrillic}\d/])/uy, 9],
  [/ ?หมื่น/uy, 4],
  [/ ?แสน/uy, 5],
  [/ ?(?:million|мільйон(?:ів|и|а)?|миллион(?:ов|а)?|млн\.?|ล้าน)(?!\p{Script=Latin}|\p{Script=Cyrillic})/uy, 6],
  [/ ?(?:billion|мільярд(?:ів|и|а)?|миллиард(?:ов|а)?|млрд\.?)(?!\p{Script=Latin}|\p{Script=Cyrillic})/uy, 9],
  [/ ?(?:trillion|трильйон(?:ів|и|а)?|триллион(?:ов|а)?)(?!\p{Script=Latin}|\p{Script=Cyrillic})/uy, 12],
];

/**
 * What counting units make of the number that ends at `end`: 5천, 3만 5천, 1억 2,000만, 2千5百, 1億2千万, 5 million,
 * 2 ล้าน 5 แสน, 5 тисяч. The number itself where none follows.
 */
export function readCountingUnits(text: string, first: Reading, language?: string): Reading {
  return eastAsian(text, first) ?? named(text, first, language) ?? first;
}

function eastAsian(text: string, first: Reading): Reading | null {
  let total = ZERO;
  let section = ZERO;
  let part: Rational | null = first.value;
  let { end } = first;
  let smallest = Infinity;
  let any = false;
  for (;;) {
    const match = matchAt(UNIT, text, end);
    if (match === null) break;
    const unit = match[0].trim();
    const small = SMALL[unit];
    if (small !== undefined) {
      section = add(section, multiply(part ?? whole(1), ten(small)));
      smallest = Math.min(smallest, small);
    } else {
      total = add(total, multiply(part === null ? section : add(section, part), ten(LARGE[unit]!)));
      section = ZERO;
      smallest = LARGE[unit]!;
    }
    any = true;
    part = null;
    end += match[0].length;
    const next = matchAt(PART, text, end);
    if (next === null) continue;
    const digits = next[2]!.replaceAll(',', '');
    const after = end + next[0].length;
    // Behind a space it belongs to the number only with a unit of its own, or as its last thousands (3만 5,000).
    const joined = next[1] === '' || matchAt(UNIT, text, after) !== null || (digits.length > 2 && smallest < 9);
    if (!joined || (digits.split('.')[0]!.length > smallest && matchAt(UNIT, text, after) === null)) break;
    part = decimal(digits);
    if (part === null) break;
    end = after;
  }
  if (!any) return null;
  return { value: add(total, part === null ? section : add(section, part)), end };
}

function named(text: string, first: Reading, language?: string): Reading | null {
  const largest = scaled(text, first, language);
  if (largest === null) return null;
  let { value, end, places } = largest;
  // 5 million 200 thousand
  for (let next = matchAt(PART, text, end); next !== null; next = matchAt(PART, text, end)) {
    const part = decimal(next[2]!.replaceAll(',', ''));
    const smaller = part === null ? null : scaled(text, { value: part, end: end + next[0].length }, language);
    if (smaller === null || smaller.places >= places) break;
    value = add(value, smaller.value);
    ({ end, places } = smaller);
  }
  return { value, end };
}

/** A unit of one sign or of another script than words are read of here. */
function shortScale(text: string, at: number): { places: number; end: number } | null {
  for (const [pattern, places] of NAMED) {
    const match = matchAt(pattern, text, at);
    if (match !== null) return { places, end: at + match[0].length };
  }
  return null;
}

/** Units that follow one another multiply: 5 hundred thousand. */
function scaled(text: string, { value, end }: Reading, language?: string): (Reading & { places: number }) | null {
  let places = 0;
  for (let found = true; found && places < 30;) {
    found = false;
    const scale = readScale(text, end, language) ?? shortScale(text, end);
    if (scale !== null) {
      value = multiply(value, ten(scale.places));
      places += scale.places;
      ({ end } = scale);
      found = true;
    }
  }
  return places === 0 ? null : { value, end, places };
}
