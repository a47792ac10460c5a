import { codeEscape } from './characters.js';
import { TemplateFault } from './fault.js';

const PLAIN: Record<string, string> = {
  ...{ '\\': '\\', "'": "'", '"': '"', '\n': '', a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
};
const HEX_DIGITS: Record<string, number> = { x: 2, u: 4, U: 8 };

/** A text's escapes, read as Jinja reads them (Python's codec `unicode-escape`). @throws TemplateFault syntax. */
export function unescapeString(text: string, line: number): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /\\(?:([0-7]{1,3})|([xuU])([0-9a-fA-F]*)|(N\{)|([\s\S]))/gu,
    (all: string, octal?: string, kind?: string, hex?: string, named?: string, other?: string) => {
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
      if (kind !== undefined) return hexEscape(kind, hex!, line);
      if (named !== undefined)
        throw new TemplateFault('unsupported', 'names a character by \\N{...}, which is not supported here', line);
      const character = PLAIN[other!];
      if (character !== undefined) return character;
      // A letter that is not ASCII is read as its own escape, behind the lone backslash.
      return other! > '\x7f' ? `\\${codeEscape(other!.codePointAt(0)!)}` : all;
    },
  );
}

function hexEscape(kind: string, hex: string, line: number): string {
  const digits = HEX_DIGITS[kind]!;
  const code = parseInt(hex.slice(0, digits), 16);
  if (hex.length < digits || code > 0x10ffff)
    throw new TemplateFault('syntax', `a text has a broken escape: \\${kind}${hex.slice(0, digits)}`, line);
  return String.fromCodePoint(code) + hex.slice(digits);
}
