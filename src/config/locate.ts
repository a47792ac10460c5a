import type { LineCounter } from 'yaml';
import { isMap, isScalar, type Document, type Node } from 'yaml';

export type ConfigPath = readonly (string | number)[];

/** `grpo.loss_type`, `rewards[0].weight`. */
export function pathText(path: ConfigPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${String(part)}]` : text ? `${text}.${part}` : part),
    '',
  );
}

/**
 * `line:column` (from 1) of a setting in the YAML text: of its key where `key` is asked for, of its value otherwise; of the
 * nearest enclosing setting where it is not written down.
 */
export function locate(doc: Document.Parsed, lines: LineCounter, path: ConfigPath, part: 'key' | 'value'): string {
  const parents = path.slice(0, -1);
  const last = path.at(-1);
  if (part === 'key' && last !== undefined) {
    const map: unknown = parents.length === 0 ? doc.contents : doc.getIn(parents, true);
    if (isMap(map)) {
      const pair = map.items.find(({ key }) => (isScalar(key) ? String(key.value) : String(key)) === String(last));
      const at = pair && offsetOf(pair.key);
      if (at !== undefined) return format(lines, at);
    }
  }
  const at = offsetOf(path.length === 0 ? doc.contents : doc.getIn(path, true));
  if (at !== undefined) return format(lines, at);
  return path.length === 0 ? '1:1' : locate(doc, lines, parents, 'key');
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

function format(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${String(line)}:${String(col)}`;
}
