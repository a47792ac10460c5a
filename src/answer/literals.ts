import { isCompound } from './compounds.js';
import { readNumbers, type NumberLiteral } from './number.js';

/** Characters before and after a number that are looked at. */
const NEAR = 32;
const LATIN_UNITS =
  'cm|mm|km|dm|nm|um|kg|mg|ml|mL|dl|dL|cl|cL|oz|lbs?|ft|in|yd|mi|hrs?|min|mins|sec|secs|ms|mph|kmh|kWh|kW|MW|Hz|kHz|MHz|GHz|KB|MB|GB|TB|Pa|kPa|kJ|cal|th|st|nd|rd|am|pm|USD|EUR|GBP|KRW|JPY|CNY|RMB|THB|UAH|RUB|CHF|cc|ha|pt|qt|gal|mol|deg|rad|yr|yrs|wk|wks|mo|dz|pcs';
/** A unit or word between a number and an operator: "5 cm × 3 cm", "3 apples + 4 apples". */
const UNIT = String.raw`(?:\s?[\p{L}\p{M}°%.]{1,12}²?)?`;
const CLOSE = String.raw`\s*[)\]}]*\s*`;
const OPEN = String.raw`\s*[({\[]*\s*`;

/** What between two numbers makes one thing of them: an operation, a range, a ratio, a date, a product, a root. */
const JOINTS: readonly RegExp[] = [
  new RegExp(`^${UNIT}${CLOSE}(?:[-+*/×÷·^_&~〜～±–]|\\\\\\\\|(?<![\\p{L}])x(?![\\p{L}]))${OPEN}$`, 'u'),
  new RegExp(
    `^${UNIT}${CLOSE}(?:times|plus|minus|divided by|multiplied by|더하기|빼기|곱하기|나누기|加上?|[减減]去?|乘以?|除以|足す|引く|かける|割る|บวก|ลบ|คูณ|หาร|плюс|мінус|минус|помножити на|помножене на|умножить на|умноженное на|поділити на|разделить на)(?: the)?${OPEN}$`,
    'iu',
  ),
  new RegExp(
    `^${UNIT}\\s(?:to|or|nor|and|by|choose|mod|remainder|R|through|до|по|і|й|та|або|чи|и|или|остача|остаток|เศษ|ต่อ|ยกกำลัง|대)\\s$`,
    'iu',
  ),
  /^ ?(?:余り?|あまり|…{1,2}|対|对|對|—)$/u,
  /^ ?[\p{L}]{0,3}?\s?(?:에서|부터|와|과|또는|및|이나|到|至|和|与|與|或者?|から|と|や|または|ถึง|และ|หรือ)\s?$/u,
  /^[個个つ本人枚円元]?、\s?$/u,
  /^,? ?(?:or|and|또는|或者?|または|หรือ|або|или) ?[a-z] ?= ?$/iu,
  /^ ?: ?$/,
  /^[)\]}]{1,4}\s*[({[]{1,4}$|^[({[]$|^\.?\s*√\s*[{(]?$/,
  /^\.$/,
];
/** Dates: what stands between two numbers, and behind the second. */
const DATES: readonly (readonly [RegExp, RegExp])[] = [
  [/^ ?[년年] ?$/u, /^ ?[월月]/u],
  [/^ ?[월月] ?$/u, /^ ?[일日号號]/u],
];
const MONTH_BETWEEN =
  /^(?:st|nd|rd|th)?(?: of)? (?:January|February|March|April|May|June|July|August|September|October|November|December|(?:січ|лют|берез|квіт|трав|черв|лип|серп|верес|жовт|листопад|груд)[а-яії]{0,4}|(?:январ|феврал|март|апрел|ма|июн|июл|август|сентябр|октябр|ноябр|декабр)[яа]|(?:มกรา|มีนา|พฤษภา|กรกฎา|สิงหา|ตุลา|ธันวา)คม|(?:เมษา|มิถุนา|กันยา|พฤศจิกา)ยน|กุมภาพันธ์),? (?:พ\.ศ\. ?)?$/u;
const MONTH_BEFORE = /(?:January|February|March|April|May|June|July|August|September|October|November|December) $/;
const LIST = /^\s*[,;]\s*(?:(?:and|or|та|і|и|и|및)\s+)?$/u;

const POISON_BEFORE =
  /(?:√(?:\s?\{[^{}]{0,24}\})?|[±^_|]|(?<![\p{Script=Latin}\p{Script=Cyrillic}\d] ?)[a-zх] ?[-+*/×÷]|[\p{L}\p{N})\]|] ?(?:[<>]=?|[≤≥≠]|!=)|(?<!\p{L})(?:sqrt|log|ln|sin|cos|tan)\s|(?<!\p{L})(?:sqrt|log|ln|sin|cos|tan|gcd|lcm|[A-Za-z])\s?\(|root of|루트|제곱근|根[号號]|ルート|รากที่สอง(?:ของ)?|кор[іе]н[ья](?: квадратн\p{L}+)? (?:з|із|из))\s*[({[]*\s*$/iu;
const POISON_AFTER: readonly RegExp[] = [
  /^\s*[)\]}]*\s*[\^_√π¡‰]|^\s?\\/,
  /^ ?(?:(?:pi|пі|пи|พาย)(?!\p{L})|파이(?:입니다|이다|이에요|(?!\p{L})))|^ ?(?:squared|cubed|factorial)(?!\p{L})|^ (?:to the (?:power|\w+ power))/iu,
  /^ ?(?:의 ?)?세?제곱(?!미터|센티|킬로|밀리|m|cm|km)|^의 ?(?:제곱근|팩토리얼)|^的(?:平方|立方|阶乘|階乘)(?!米|公里)|^の ?(?:[二三23]乗|階乗|平方根)|^ (?:у|в) (?:квадрат|куб)|^ ?(?:ยกกำลัง|แฟกทอเรียล)/u,
  /^ ?[+×÷·] ?[\p{L}\d(√]|^ ?\* ?\(|^\*[a-z](?!\p{L})|^ ?- ?[a-z](?!\p{L})/u,
  /^ ?(?:sin|cos|tan|log|ln|sqrt)(?!\p{L})/u,
  /^\((?:[^()]{0,20}[-+*/^=]|[a-z]\))/,
  /^(?![mglhsLVWJ](?![a-z]))[A-Za-zα-ω](?![\p{Script=Latin}\p{Script=Cyrillic}°'’])/u,
  /^(?![мглсткч](?![а-я]))[а-яіїєґ](?![\p{Script=Latin}\p{Script=Cyrillic}'’.])/iu,
  new RegExp(`^(?!(?:${LATIN_UNITS})(?![A-Za-z]))[A-Za-z]{2,3}(?![\\p{Script=Latin}\\p{Script=Cyrillic}])`, 'u'),
  /^ ?(?:<=? (?=[\p{L}\d])|>=? ?(?=[\p{L}\d])|[≤≥≠])/u,
  /^ ?(?:시|時|点|點) ?(?:반|半)|^ ?(?:乗|次方)/u,
  /^ ?[xyz]{1,3}(?!\p{L})/u,
  /^\.\(\d/,
];
/** In a marked answer an exclamation is a factorial, and a lone letter apart is a variable unless it is a unit. */
const POISON_AFTER_MARKED: readonly RegExp[] = [
  /^ ?!/,
  /^ ?[-+*/×÷^]\s*$/,
  /^ (?![mglhsLNJWVACFKt](?!\p{L}))[A-Za-zα-ω](?!\p{L})/u,
];
const POISON_AFTER_PROSE: readonly RegExp[] = [/^![\d/*+^(]/, /^ [nkpqt](?!\p{L})/u];

/**
 * The numbers of a text as a reader sees them: those that belong together (5 × 6, 3-4, 12:45, 2024-05-17, 4√2, 1,2,3) are one
 * literal without a value, and so is one that is part of an expression (5x, 5!, 5π, √5, 5²). `marked`: of an answer line or box,
 * where any two numbers with a comma between are a list; in a sentence it takes three.
 */
export function readLiterals(text: string, marked: boolean, language?: string): NumberLiteral[] {
  const literals: NumberLiteral[] = [];
  /** Members of the list that the last literal is, or would be. */
  let members = 1;
  for (const number of readNumbers(text, language)) {
    const poisoned = isPoisoned(text, number, marked) || (!marked && isUnsolved(text, number));
    const literal = poisoned ? { ...number, value: null } : number;
    const before = literals.at(-1);
    if (before === undefined) {
      literals.push(literal);
      continue;
    }
    const gap = text.slice(before.end, Math.max(before.end, literal.start));
    const listed = LIST.test(gap);
    members = listed ? members + 1 : 1;
    if (
      isJoined(text, gap, literal) ||
      (listed && (marked || members > 2 || isPair(text, before))) ||
      isDate(text, before, gap) ||
      areUnknowns(text, before, gap)
    ) {
      literals[literals.length - 1] = { ...before, value: null, end: literal.end };
    } else literals.push(literal);
  }
  return literals;
}

function isJoined(text: string, gap: string, second: NumberLiteral): boolean {
  if (gap.length > NEAR) return false;
  if (/^\s?$/.test(gap) && (gap === '' || text[second.start] === '-' || text[second.start] === '+')) return true;
  if (JOINTS.some((joint) => joint.test(gap))) return true;
  const after = text.slice(second.end, second.end + NEAR);
  return isCompound(gap, after) || DATES.some(([between, behind]) => between.test(gap) && behind.test(after));
}

/** (3, 4), and May 17, 2024. */
function isPair(text: string, { start }: NumberLiteral): boolean {
  const before = text.slice(Math.max(0, start - 12), start);
  return /[([{]\s?$/.test(before) || MONTH_BEFORE.test(before);
}

function isDate(text: string, { start, end }: NumberLiteral, gap: string): boolean {
  return end - start <= 2 && MONTH_BETWEEN.test(gap);
}

/** Two unknowns of one line: x = 3, y = 4. */
function areUnknowns(text: string, { start }: NumberLiteral, gap: string): boolean {
  const second = /^ ?(?:[,;，、]|,? ?and|와|과|和|と|і|та|и|และ) ?([a-zа-я]) ?= ?$/iu.exec(gap);
  const first =
    second === null ? null : /(?<![\p{L}\d])([a-zа-я]) ?= ?$/iu.exec(text.slice(Math.max(0, start - 5), start));
  return first !== null && first[1] !== second![1];
}

function isPoisoned(text: string, { start, end, percent }: NumberLiteral, marked: boolean): boolean {
  if (POISON_BEFORE.test(text.slice(Math.max(0, start - NEAR), start))) return true;
  if (percent) return false;
  const after = text.slice(end, end + NEAR);
  const patterns = [...POISON_AFTER, ...(marked ? POISON_AFTER_MARKED : POISON_AFTER_PROSE)];
  return patterns.some((pattern) => pattern.test(after));
}

/** The right side of an equation that is still to be solved: 2x = 14, x + 3 = 10, but not a + b = 7 or f(2) = 7. */
function isUnsolved(text: string, { digits }: NumberLiteral): boolean {
  const left = /(?:^|[^\w+\-*/^(){}|²√ х])([\w+\-*/^(){}|²√ х]{1,40})= ?[-+]?$/u.exec(
    text.slice(Math.max(0, digits - 48), digits),
  );
  if (left === null) return false;
  if (left[0].startsWith('=')) return false;
  // Words before the equation are not of it.
  const side = left[1]!.replace(/^.*[A-Za-z]{2}[^ ]*/, '').trim();
  const unknowns = new Set(side.match(/[a-zх]/gi));
  const [unknown] = unknowns;
  if (unknown === undefined || unknowns.size > 1 || /^[a-z] ?\(/i.test(side)) return false;
  if (!/\d ?[a-zх]|[a-zх] ?[²^|!]|[-+*/] ?\d*[a-zх]|[a-zх] ?[-+*/]/i.test(side)) return false;
  // Where its value was found or given before, the expression is only worked out.
  return !new RegExp(`(?<![\\p{L}\\d])${unknown} ?= ?-?\\d`, 'u').test(text.slice(0, digits - left[0].length));
}

/** Whether an equals sign follows and nothing after it that is a number: "13.5 / 3 = ". */
export function endsInEquals(text: string, { end }: NumberLiteral): boolean {
  return /^\s?[\p{L}\p{M}°%²]{0,12}[\s)\]}*]*(?:[=≈](?!\s?[a-zх](?![\p{L}(])\s?(?:$|[^-+*/^=\d(\s]))|(?:equals|is equal to|等于|イコール|дорівнює|равно)[\s?_.…]*$)/iu.test(
    text.slice(end, end + 2 * NEAR),
  );
}
