import { failure } from './fault.js';
import { isNumeric } from './numeric.js';
import { intText, floatText, type Printer } from './print.js';
import { sortedBy } from './runtime.js';
import { Dict, itemsOf, textOf, typeName, type Value } from './values.js';

export interface JsonStyle {
  ensureAscii: boolean;
  /** What a level is indented by; undefined: all on one line. */
  indent: string | undefined;
  itemSeparator: string;
  keySeparator: string;
  sortKeys: boolean;
}

/** Python's `json.dumps`. @throws TemplateFault of what has no JSON. */
export function toJson(value: Value, style: JsonStyle, printer: Printer): string {
  const { budget } = printer;
  const write = (item: Value, level: number): string => budget.within(() => written(item, level));
  const written = (item: Value, level: number): string => {
    budget.spend();
    const text = textOf(item);
    if (text !== undefined) return quoted(text);
    if (item === null) return 'null';
    if (isNumeric(item)) return number(item);
    const items = itemsOf(item);
    if (items) return bracketed('[', ']', items, level, (one) => write(one, level + 1));
    if (!(item instanceof Dict)) throw failure(`Object of type ${typeName(item)} is not JSON serializable`);
    let entries = [...item.entries()];
    if (style.sortKeys) entries = sortedBy(entries, ([key]) => key, false, budget);
    return bracketed('{', '}', entries, level, ([key, each]) => {
      return `${quoted(keyText(key))}${style.keySeparator}${write(each, level + 1)}`;
    });
  };
  const bracketed = <T>(open: string, close: string, items: readonly T[], level: number, one: (item: T) => string) => {
    if (items.length === 0) return open + close;
    const line = style.indent === undefined ? '' : `\n${style.indent.repeat(level + 1)}`;
    const parts: string[] = [];
    let length = 0;
    for (const item of items) {
      const part = one(item);
      length += part.length + line.length + style.itemSeparator.length;
      budget.text(length);
      parts.push(line + part);
    }
    const end = style.indent === undefined ? '' : `\n${style.indent.repeat(level)}`;
    return `${open}${parts.join(style.itemSeparator)}${end}${close}`;
  };
  const quoted = (text: string): string => {
    budget.text(text.length);
    const special = style.ensureAscii ? /["\\]|[^ -~]/g : /["\\\0-\x1f]/g;
    return `"${text.replace(special, (character) => {
      budget.characters(1);
      return printer.marks.includes(character) ? character : escaped(character);
    })}"`;
  };
  return write(value, 0);
}

const ESCAPES: Record<string, string> = {
  ...{ '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\f': '\\f', '\b': '\\b' },
};

const escaped = (character: string): string =>
  ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

function number(value: boolean | bigint | number): string {
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'bigint') return intText(value);
  if (Number.isFinite(value)) return floatText(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

function keyText(key: Value): string {
  const text = textOf(key);
  if (text !== undefined) return text;
  if (key === null) return 'null';
  if (isNumeric(key)) return number(key);
  throw failure(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}
