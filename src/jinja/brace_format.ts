import { failure, unsupported } from './fault.js';
import { escapeHtml } from './markup.js';
import { formatSpec } from './format_spec.js';
import { isNumeric, numberOf } from './numeric.js';
import type { Printer } from './print.js';
import { textOf, type Given, type Value } from './values.js';

/** How a template reaches into a value, which itself finds the methods of texts. */
export interface Reach {
  attribute(object: Value, name: string, printer: Printer): Value;
  item(object: Value, key: Value, printer: Printer): Value;
}

/** Python's `text.format(...)`; a field may reach into a value (`{0.name}`, `{0[key]}`) with the rules of the template. */
export function formatBraces(
  format: string,
  given: Given,
  { printer, reach, escaping }: { printer: Printer; reach: Reach; escaping: boolean },
): string {
  let automatic = 0;
  let length = 0;
  const field = (name: string): Value => {
    const parts = /^([^.[]*)((?:\.[^.[]+|\[[^\]]+\])*)$/.exec(name);
    if (parts === null) throw failure(`a broken field in a format string: ${name}`);
    let first: string | number = parts[1]!;
    if (first === '') {
      if (automatic === -1) throw failure('cannot switch from manual field specification to automatic field numbering');
      first = automatic++;
    } else if (/^\d+$/.test(first)) {
      if (automatic > 0) throw failure('cannot switch from automatic field numbering to manual field specification');
      automatic = -1;
      first = Number(first);
    }
    let value = typeof first === 'number' ? given.positional[first] : given.named.get(first);
    if (value === undefined)
      throw failure(
        typeof first === 'number' ? 'Replacement index out of range for positional args tuple' : `KeyError: '${first}'`,
      );
    for (const [, attribute, key] of parts[2]!.matchAll(/\.([^.[]+)|\[([^\]]+)\]/g))
      value =
        attribute === undefined
          ? reach.item(value, /^\d+$/.test(key!) ? BigInt(key!) : key!, printer)
          : reach.attribute(value, attribute, printer);
    return value;
  };
  const expand = (text: string, depth: number): string => {
    if (depth < 0) throw failure('Max string recursion exceeded');
    let out = '';
    for (let at = 0; at < text.length;) {
      const next = /[{}]/g;
      next.lastIndex = at;
      const found = next.exec(text)?.index ?? text.length;
      out += text.slice(at, found);
      at = found;
      if (at >= text.length) break;
      if (text[at + 1] === text[at] && depth === 2) {
        out += text[at];
        at += 2;
      } else if (text[at] === '}') throw failure("Single '}' encountered in format string");
      else {
        const end = closing(text, at);
        out += replaced(text.slice(at + 1, end), depth);
        at = end + 1;
      }
      length = Math.max(length, out.length);
      printer.budget.text(length);
    }
    return out;
  };
  const replaced = (content: string, depth: number): string => {
    const [, name, conversion, spec] =
      /^([^!:]*(?:\[[^\]]*\][^!:]*)*)(?:!([^:]*))?(?::([\s\S]*))?$/.exec(content) ?? [];
    if (name === undefined) throw failure('a broken field in a format string');
    let value = field(name);
    if (conversion === 'r') value = printer.repr(value);
    else if (conversion === 's') value = printer.str(value);
    else if (conversion === 'a') throw unsupported('the conversion !a');
    else if (conversion !== undefined) throw failure(`Unknown conversion specifier ${conversion}`);
    const text = formatted(value, expand(spec ?? '', depth - 1), printer);
    return escaping ? escapeHtml(value, text) : text;
  };
  printer.budget.text(format.length);
  return expand(format, 2);
}

/** Where the field that opens here closes. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return at;
  }
  throw failure(
    open === text.length - 1 ? "Single '{' encountered in format string" : "expected '}' before end of string",
  );
}

function formatted(value: Value, spec: string, printer: Printer): string {
  const text = textOf(value);
  if (text !== undefined) return formatSpec(text, spec, printer.budget);
  if (isNumeric(value) && spec !== '') return formatSpec(numberOf(value), spec, printer.budget);
  if (spec !== '') throw failure('unsupported format string passed to an object without formats');
  return printer.str(value);
}
