import type { NumberLiteral } from './number.js';

const DENIED_BEFORE =
  /(?:(?<!\p{L})(?:(?:not|cannot|can't|isn't|wasn't|won't|couldn't)(?: be)?|never|neither|nor|instead of|rather than|(?<!no (?:more|less|fewer) )than|out of|up from|down from|compared (?:to|with)|versus|vs\.?|unlike|excluding|as opposed to)(?: (?:just|only|exactly|the|his|her|their|its|original|initial|other)){0,2}|不是|并非|並非|而非|不等于|不为|而不是|不(?:可能|会|應該|应该|能)是|比|多于|少于|大于|小于|超过|超過|不到|不足|ไม่เท่ากับ|ไม่(?:สามารถ|อาจ)เป็น|ไม่ใช่(?:แค่)?|มากกว่า|น้อยกว่า|แทนที่จะเป็น|(?<!\p{L})(?:не(?: може бути| может быть| дорівнює| равен| равно)?|замість|вместо|ніж|чем|(?<!не )(?:більш\p{L}{1,2}|менш\p{L}{1,2}|больше|меньше|понад|свыше)(?: за| від| от)?))[ *"'“(]*$/iu;
const DENIED_AFTER =
  /^[^\n\d.,。]{0,4}?(?:이|가|은|는)? ?(?:아니|아닌|아닙)|^[^\n\d.,。]{0,4}?(?:보다| 대신)|^[^\n\d.,。、]{0,3}?(?:(?:では|じゃ)(?:な|あ)|でな)|^[^\n\d.,。、]{0,3}?(?:より|の代わり)|^[^\n\d.,。]{0,3}?(?:이|가|일) ?(?:될 ?수|수) ?없|^[^\n\d.,。]{0,3}? ?(?:미만|초과)|^[^\n\d.,。、]{0,3}?(?:未満|未满|を超え|とは(?:違|異|ならな))|^,? (?:is|was|would be) (?:not|wrong|incorrect)|^ isn't/iu;
const LABEL_BEFORE =
  /(?:(?<!\p{L})(?:steps?|questions?|problem|part|case|figure|fig\.|eq\.|equations?|method|approach|example|крок\p{L}{0,2}|шаг\p{L}{0,2}|завдання|задач\p{L}{0,2})|단계|방법|步骤|步驟|方法|ステップ|手順|ขั้นตอน(?:ที่)?)[ #№(]*$/iu;

/** What a number is compared with, where the sentence has another: 6 of the 10, 2 fewer than 8, 6 з 10, 比3多4. */
const COMPARED_BEFORE =
  /\d(?: ?%)? (?:\p{L}+ )?(?:out )?(?:of|from|з|із|зі|из)(?: (?:the|all|these|those|his|her|their|усіх|всіх|всех)){0,2} $|\d[^.\n]{0,60}(?<!\p{L})the (?:original |initial |first |other |remaining )?$|(?<!\p{L})as (?:many|much|big|long|old|tall|far|fast|heavy) as (?:the )?$|[，,、(（]比[^，。\n\d]{0,6}(?:\d[^，。\n]{0,6}[多少大小高低重轻輕][了出]?)?$|、[^、。\n\d]{0,6}\d[^、。\n]{0,3}より(?:も)?$/iu;
/** 5 × 20 = 100 pages in 20 days: what stands behind the result of a sum, in its sentence. */
const CIRCUMSTANCE_BEFORE =
  /=\s*[-+]?\d[\d.,]*%?[^\n=.;,\d]{0,60}(?<!\p{L})(?:in|after|for|over|on|before|within|from|by|than|at|to fill|за|після|через|на|для|у|в|із|з|по|после|от|из|с)(?: \p{L}+){0,2} $/u;
const DIFFERENCE_BEFORE = /[,(] ?(?:which is |that is |this is |i\.e\.,? |or )?$/i;
const DIFFERENCE_AFTER =
  /^ (?:\p{L}+ )?(?:more|fewer|less|greater|larger|smaller|higher|lower|older|younger) than (?:the )?\d/iu;

/** Denied, compared with as more or less, the number of a step, or of a list item. */
export function isSetAside(text: string, { start, end }: Pick<NumberLiteral, 'start' | 'end'>): boolean {
  const before = text.slice(Math.max(0, start - 48), start);
  const after = text.slice(end, end + 24);
  if (DENIED_BEFORE.test(before) || DENIED_AFTER.test(after) || LABEL_BEFORE.test(before)) return true;
  if (/^ ?(?:단계|步(?!骤?\p{L}))/u.test(after) || /\S\[$/.test(before)) return true;
  return /(?:^|\n)[ *#-]*$/.test(before) && /^[.)、] ?\*{0,2}\s?[\p{L}*]/u.test(after) && end - start <= 2;
}

/** The lesser of two numbers of a sentence: what another is a part of, or is compared with. */
export function isCompared(text: string, { start, end }: Pick<NumberLiteral, 'start' | 'end'>): boolean {
  const before = text.slice(Math.max(0, start - 80), start);
  if (COMPARED_BEFORE.test(before) || CIRCUMSTANCE_BEFORE.test(before)) return true;
  return DIFFERENCE_BEFORE.test(before) && DIFFERENCE_AFTER.test(text.slice(end, end + 40));
}

/** In brackets that opened behind another number of its line: "6 (3 red and 3 green)"; but not "6 (= 3 + 3)". */
export function isAside(text: string, literals: readonly NumberLiteral[], i: number): boolean {
  const { start } = literals[i]!;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const line = text.slice(Math.max(lineStart, start - 200), start);
  const open = line.lastIndexOf('(');
  if (open < 0 || line.includes(')', open) || /^\(\s*[=≈]/.test(line.slice(open))) return false;
  const openAt = start - line.length + open;
  return literals.slice(Math.max(0, i - 16), i).some(({ start: other, end }) => other >= lineStart && end <= openAt);
}
