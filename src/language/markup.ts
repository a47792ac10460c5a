import { giveBackProse } from './hidden_prose.js';
import { LANGUAGES, LANGUAGE_TABLE } from './table.js';

/** Most characters of `$...$` on one line; a longer stretch between two dollar signs is money, not mathematics. */
const INLINE_MATH_LIMIT = 400;
/** Most characters of an inline code span. */
const INLINE_CODE_LIMIT = 200;

/** Environments that hold prose: their `\begin` and `\end` go, what is between stays. All others are mathematics, tables or code. */
const PROSE_ENVIRONMENTS = new Set(
  'document itemize enumerate description center flushleft flushright quote quotation abstract theorem lemma proof solution'.split(
    ' ',
  ),
);

const OPENING =
  /```|~~~|`|\$\$?|\\[([]|\\begin\s*\{([A-Za-z]+\*?)\}|\\[A-Za-z]+\*?|<|https?:\/\/|www\.|&#?[A-Za-z\d]{2,10};/g;
/** The same and addresses without a scheme; apart, because it takes twice as long. */
const OPENING_OR_ADDRESS = new RegExp(
  `${OPENING.source}|${/(?<![\w@.-])[\w-][\w.+-]{0,63}@(?=[\w-]+\.)|(?<![\w.-])(?:[a-z\d][a-z\d-]{0,62}\.){1,4}(?:com|org|net|edu|gov|io|ai|dev|app|info|biz|tv|kr|jp|cn|th|ua|ru|uk|eu|de|fr|py|js|ts|txt|csv|json|md|html|pdf|png|jpg|cpp|java|ipynb)(?![\w-])/.source}`,
  'g',
);
const MAY_BE_ADDRESS = /@|[a-z\d]\.[a-z]/;
const ANY_OPENING = /[`$\\<@&]|~~~|https?:\/\/|[a-z\d]\.[a-z]/;
/** A tag has attributes with values or none, so that `a <b and c> d` stays text. Also control tokens such as <|im_end|>. */
const TAG =
  /<\/?[A-Za-z][\w:-]{0,40}(?:\s+[\w:-]{1,40}=(?:"[^"\n]{0,200}"|'[^'\n]{0,200}'|[\w.-]{1,80}))*\s*\/?>|<\|[\w ]{1,60}\|>|<!--[^>]{0,400}-->/y;
/** Of a thought, in any of the languages: no word of an explanation. */
const THINK_TAG = new RegExp(
  `</?(?:${LANGUAGES.map((language) => LANGUAGE_TABLE[language].thinkWord).join('|')})>`,
  'y',
);
/** ASCII only: a Korean particle glued to an address is still a word. */
const DOMAIN = /[\w-]+(?:\.[\w-]+)+/y;
const ADDRESS = /(?:https?:\/\/|www\.)?[\w\-./?%&=+#~:,;!@*()[\]']*/y;

/**
 * Marks what is not prose: LaTeX mathematics (`$..$`, `$$..$$`, `\(..\)`, `\[..\]`, environments), LaTeX commands (their
 * arguments stay), code fences and spans, tags, entities
 * and control tokens, addresses of the web and of mail, names of files. Returns one byte per UTF-16 unit, 1 for
 * taken away, or null where there is none of it. Prose inside any of it is given back (giveBackProse). What a truncated completion left open runs to the end of the text, except
 * `\(`, which runs to the end of its line, and a lone `$` or backquote, which is a character like any other.
 *
 * `$` is mathematics under Pandoc's rule (no space inside the signs, no digit after the closing one) unless what lies between
 * reads as prose, as in "costs $5, or 3$ each".
 */
export function markupMask(text: string): Uint8Array | null {
  if (!ANY_OPENING.test(text)) return null;
  const mask = new Uint8Array(text.length);
  const opening = MAY_BE_ADDRESS.test(text) ? OPENING_OR_ADDRESS : OPENING;
  opening.lastIndex = 0;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const start = match.index;
    const end = markupEnd(text, start, match[0], match[1]);
    if (end > start) {
      mask.fill(1, start, end);
      // The words of an address are its name.
      if (/^[`~$\\<]/.test(match[0])) giveBackProse(text, mask, start, end, /^(?:```|~~~)$/.test(match[0]));
    }
    opening.lastIndex = Math.max(end, start + 1);
  }
  return mask;
}

/** Where the markup that opens at `start` ends, or `start` if it is none after all. */
function markupEnd(text: string, start: number, opening: string, environment: string | undefined): number {
  const inside = start + opening.length;
  if (environment !== undefined) {
    return PROSE_ENVIRONMENTS.has(environment) ? inside : closing(text, inside, `\\end{${environment}}`);
  }
  switch (opening) {
    case '```':
    case '~~~':
      return closing(text, inside, opening);
    case '`':
      return lineSpan(text, start, inside, '`', INLINE_CODE_LIMIT);
    case '$$':
      return closing(text, inside, '$$');
    case '$':
      return inlineMath(text, start);
    case '\\(':
      return Math.min(closing(text, inside, '\\)'), lineEnd(text, inside));
    case '\\[':
      return closing(text, inside, '\\]');
    case '<':
      return Math.max(matchEnd(TAG, text, start), matchEnd(THINK_TAG, text, start));
    case 'https://':
    case 'http://':
    case 'www.':
      return matchEnd(ADDRESS, text, start);
    case '\\end':
      return text[inside] === '{' ? lineSpan(text, start, inside, '}', 40) : inside;
    default:
      if (opening.endsWith('@')) return matchEnd(DOMAIN, text, inside);
      if (opening.startsWith('\\') || opening.startsWith('&')) return inside; // \frac or \boxed; &nbsp;
      return text[inside] === '/' || text[inside] === ':' ? matchEnd(ADDRESS, text, inside) : inside; // example.org/a
  }
}

function closing(text: string, from: number, mark: string): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + mark.length;
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at;
}

function lineSpan(text: string, start: number, inside: number, mark: string, limit: number): number {
  const window = text.slice(inside, inside + limit);
  const at = window.indexOf(mark);
  const newline = window.indexOf('\n');
  return at < 0 || (newline >= 0 && newline < at) ? start : inside + at + mark.length;
}

function matchEnd(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : start;
}

function inlineMath(text: string, start: number): number {
  const end = lineSpan(text, start, start + 1, '$', INLINE_MATH_LIMIT);
  if (end === start) return start;
  const content = text.slice(start + 1, end - 1);
  if (content === '' || /^\s|\s$/.test(content) || /^[0-9]/.test(text.slice(end, end + 1))) return start;
  if (content.includes('\\')) return end;
  const twoWords = /[\p{L}\p{M}]{2,}[ ,]+[\p{L}\p{M}]{2,}/u;
  const otherLetters = /[^\P{L}\p{Script=Latin}\p{Script=Greek}\p{Script=Common}]/u;
  const loneWord = /(?<![^\s,])[\p{L}\p{M}]{2,}(?![^\s,])/u;
  const prose =
    twoWords.test(content) || otherLetters.test(content) || (loneWord.test(content) && !/[=+*/^<>_]/.test(content));
  return prose ? start : end;
}
