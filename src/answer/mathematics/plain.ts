import { foldDigits } from '../digits.js';

/**
 * A text with what is spelled in several ways made one: digits of other scripts, grouping of thousands, signs of Unicode and the
 * commands of LaTeX for them. Linear in the text.
 */
export function plainFormula(text: string): string {
  return foldDigits(text)
    .replace(
      /(?<!\\)\\\\(?=(?:[dtc]?frac|sqrt|boxed|left|right|text|pi|[lg]eq?|cup|cdot|times|infty|pm)(?![a-z]))/g,
      '\\',
    )
    .replace(/\\quad(?=[a-z][_=\s])/g, ' ')
    .replace(/(\d)\s{0,3}(?:,\s{0,3}\\!|\{,\s{0,3}\}|\\,|\u2009|\u202f|'(?=\d{3}\D))\s{0,3}(?=\d{3}(?!\d))/g, '$1')
    .replace(/\\[!]|\\(?:left|right|[bB]ig{1,2}[lrm]?)(?![a-zA-Z])\.?/g, '')
    .replace(/\^\s{0,3}(?:\\circ(?![a-z])|\{\s{0,3}\\circ\s{0,3}\})|\\degree(?![a-z])/g, '°')
    .replace(/[⁻⁺]?[⁰¹²³⁴-⁹]+/g, (power) => `^{${power.replace(/./g, superscript)}}`)
    .replace(/[¼-¾⅐-⅞]/g, (sign) => {
      const [above, below] = sign.normalize('NFKC').split('\u2044');
      return `\\frac{${above!}}{${below!}}`;
    })
    .replace(/[−–‐‑－]/g, '-')
    .replace(/(?<=[\d)\]}])(or|and)(?=[A-Z([{\d$\\])/g, ' $1 ')
    .replace(/\\(?:text|mbox|hbox)\s{0,2}\{\s{0,3}([-\d.,:;()\s]{1,40})\}/g, ' $1 ')
    .replace(/[（［｛，；：｝］）！＝＜＞｜＾]/g, (wide) => wide.normalize('NFKC'));
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const superscript = (sign: string): string =>
  sign === '⁻' ? '-' : sign === '⁺' ? '+' : String(SUPERSCRIPTS.indexOf(sign));
