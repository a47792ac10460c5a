/** Commands that are one sign. */
export const SIGNS: Readonly<Record<string, string>> = {
  cdot: '*',
  times: '*',
  ast: '*',
  div: '/',
  pm: '±',
  mp: '∓',
  le: '≤',
  leq: '≤',
  leqslant: '≤',
  ge: '≥',
  geq: '≥',
  geqslant: '≥',
  lt: '<',
  gt: '>',
  ne: '≠',
  neq: '≠',
  in: '∈',
  equiv: '≡',
  pmod: 'mod',
  bmod: 'mod',
  mod: 'mod',
  cup: '∪',
  setminus: '∖',
  backslash: '∖',
  infty: '∞',
  approx: '=',
  simeq: '=',
  colon: ':',
  lvert: '|',
  rvert: '|',
  vert: '|',
  mid: '|',
  langle: '(',
  rangle: ')',
  lbrace: '⦃',
  rbrace: '⦄',
  '{': '⦃',
  '}': '⦄',
  '|': '|',
  '%': '%',
  lfloor: '⌊',
  rfloor: '⌋',
  lceil: '⌈',
  rceil: '⌉',
  prime: "'",
  lbrack: '[',
  rbrack: ']',
  ';': ' ',
};
/** The same of Unicode; what stands for nothing is left out. */
export const UNICODE: Readonly<Record<string, string>> = {
  '×': '*',
  '·': '*',
  '⋅': '*',
  '∙': '*',
  '⁎': '*',
  '÷': '/',
  '∕': '/',
  '≈': '=',
  '≃': '=',
  '⩽': '≤',
  '⩾': '≥',
  '、': ',',
  '∣': '|',
  '′': "'",
  '’': "'",
  '＊': '*',
  '。': '.',
  '⟨': '(',
  '⟩': ')',
  '〈': '(',
  '〉': ')',
  '\\': '∖',
  '％': '%',
};
/** Commands that wrap what is read as it stands, or that only set type. */
export const WRAPPERS =
  /^(?:boxed|fbox|underline|mathbf|mathbb|mathcal|mathsf|boldsymbol|bm|vec|hat|bar|overline|displaystyle|textstyle|limits|nolimits|quad|qquad|left|right|large|Large|bf|it|rm|hline|mathop|tiny|small|normalsize|n|,|:|!| )$/;
/** Commands whose argument is text. */
export const TEXTUAL = /^(?:text(?:bf|it|rm|sf|tt|normal)?|mbox|hbox|mathrm|mathit|mathtt|operatorname)$/;
/** Functions that are known, as commands and as words. */
export const FUNCTIONS: ReadonlySet<string> = new Set(
  'sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp lg abs sqrt cbrt floor ceil factorial'.split(
    ' ',
  ),
);
/** Other names of them. */
export const ALIASES: Readonly<Record<string, string>> = {
  asin: 'arcsin',
  acos: 'arccos',
  atan: 'arctan',
  sgn: 'sign',
  lb: 'lb',
};
/** Words that part answers. */
export const PARTING = /^(?:and|or|и|или|і|й|та|або|чи|또는|혹은|이고|和|与|及|或|或者|と|または|และ|หรือ)$/iu;

/** Relations of two signs. */
export const RELATIONS: Readonly<Record<string, string>> = {
  '<=': '≤',
  '>=': '≥',
  '=<': '≤',
  '=>': '≥',
  '!=': '≠',
  '==': '=',
};

/** Units of measure that are more than one symbol only behind a number. */
export const UNITS =
  /^(?:cm|mm|km|dm|nm|kg|mg|ml|mL|dl|oz|lbs?|ft|in|yd|mi|hrs?|mins?|secs?|ms|mph|kmh|kWh|kW|Hz|kHz|MHz|GHz|KB|MB|GB|Pa|kPa|kJ|cal|USD|EUR|GBP|KRW|JPY|CNY|THB|UAH|RUB|am|pm|sq|pct|deg|rad|mol)$/;
