import { foldDigits } from './digits.js';

/** Stands for what makes a number beside it part of an expression: a root, a bar over digits, a fraction of expressions. */
export const POISON = '√';
/** Brackets of a fraction that LaTeX spelled with plain numbers. */
export const FRACTION = { open: '\ue001', close: '\ue002' } as const;

const SYMBOLS: Record<string, string> = {
  times: '×',
  cdot: '·',
  div: '÷',
  pm: '±',
  mp: '±',
  pi: 'π',
  approx: '≈',
  simeq: '≈',
  sim: '≈',
  sqrt: POISON,
  overline: POISON,
  bar: POISON,
  dot: POISON,
  leq: '≤',
  le: '≤',
  geq: '≥',
  ge: '≥',
  lt: '<',
  gt: '>',
  ldots: '…',
  dots: '…',
  degree: '°',
  Rightarrow: '=',
  implies: '=',
  to: '→',
  left: '',
  right: '',
  displaystyle: '',
  boxed: '',
  fbox: '',
  quad: ' ',
  qquad: ' ',
  large: '',
  Large: '',
  huge: '',
  bf: '',
  lbrace: '',
  neq: '≠',
  ne: '≠',
};

/**
 * A stretch of text with digits folded and without what LaTeX, Markdown and HTML put round a number: `\text{}` and its kind,
 * spaces of mathematics, dollar signs, bold. Powers of units become one sign (cm^2, cm²); `\frac{3}{4}` stays one fraction.
 * Linear in the text.
 */
export function cleanText(text: string): string {
  let clean = foldDigits(text.normalize('NFC'))
    // Soft hyphens, and what parts Thai words without a space.
    .replace(/[\u00ad\u200b]/g, '')
    .replace(/[\ue001\ue002]/g, ' ')
    // An exclamation inside mathematics is a factorial; in a sentence it is not.
    .replace(/!(?=\s*(?:\$|\\[)\]]))/g, '¡')
    .replace(/⁻?[⁰¹²³⁴-⁹]+/g, (power) => `^{${power.replace(/./g, plainSign)}}`)
    // Powers of units without a sign for it: 5 cm2, 3 kg/m3.
    .replace(/(?<=[\d/] ?(?:[cmkd]?m|in|ft|yd|mi|[смкд]?м))[23](?![\d\p{L}])/gu, '^$&');
  // Wrappers nest: \textbf{\underline{5}}.
  for (let depth = 0; depth < 3; depth++) {
    clean = clean.replace(
      /\\(?:text(?:bf|it|rm|sf|tt|normal)?|math(?:bf|rm|it|sf|tt|normal)|boldsymbol|bm|emph|underline|mbox|hbox|operatorname|(?:text)?color ?\{\w{1,20}\})\s*\{([^{}]*)\}/g,
      ' $1',
    );
  }
  return clean
    .replace(/\^\s*(?:\\circ|\{\s*\\circ\s*\})/g, '°')
    .replace(
      /\\[dtc]?frac ?(?:\{ ?(-?\d{1,400}(?:\.\d{1,400})?) ?\}|(\d)) ?(?:\{ ?(-?\d{1,400}(?:\.\d{1,400})?) ?\}|(\d))/g,
      fraction,
    )
    .replace(/\\([dtc]?frac)/g, POISON)
    .replace(/\\([A-Za-z]{1,20})(?![A-Za-z])/g, (all, name: string) => SYMBOLS[name] ?? ` ${all} `)
    .replace(/\\! ?/g, '')
    .replace(/\\[,;: ]|(?<!\d)~|~(?!\d)/g, '\u2009')
    .replace(/ ?\{ ?, ?\}(?: (?=\d{3}))?/g, ',')
    .replace(/\\([$%#&])/g, '$1')
    .replace(/\\[()[\]]|`/g, ' ')
    .replace(/(?<=\d)\*\*(?=\d)/g, '^')
    .replace(/\*\*|__/g, ' ')
    .replace(/<sup>/g, '^')
    .replace(/(?<=\d)_(?=\d{3}(?!\d))/g, ',')
    .replace(/<\/?[a-z]{1,10} ?\/?>/gi, ' ')
    .replace(/(?<=\p{L}) ?\^[{(]?([-\u207b]?[\d⁰¹²³⁴-⁹])[)}]?/gu, '²')
    .replace(/-\s?(?:[$€£¥₩₴฿₽₹￥](?=\s*[\d.]))/g, '-')
    .replace(/[$€£¥₩₴฿₽₹￥]/g, ' ');
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const plainSign = (sign: string): string => (sign === '⁻' ? '-' : String(SUPERSCRIPTS.indexOf(sign)));

function fraction(_: string, above = '', digitAbove = '', below = '', digitBelow = ''): string {
  return `${FRACTION.open}${above || digitAbove}/${below || digitBelow}${FRACTION.close}`;
}
