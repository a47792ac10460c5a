import { configJsonSchema } from './schema.js';

interface SchemaNode {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  anyOf?: SchemaNode[];
  properties?: Record<string, SchemaNode>;
  required?: string[];
  items?: SchemaNode;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

/** The settings as a Markdown document: docs/config.md. */
export function settingsTable(): string {
  const rows: string[] = [];
  walk(configJsonSchema(), '', rows, new Set());
  return [
    '# Settings of a run',
    '',
    'Made from the schema by `glossa schema --table`; do not edit. Names and defaults are those of TRL where TRL has the setting.',
    'Every setting can be given on the command line as `--set section.name=value`.',
    '',
    '| setting | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function walk(node: SchemaNode, at: string, rows: string[], required: ReadonlySet<string>): void {
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const name = at ? `${at}.${key}` : key;
    const inner = child.items?.properties ? child.items : child.properties ? child : undefined;
    if (!inner || child.description) {
      const fallback =
        child.default === undefined
          ? node.required?.includes(key)
            ? 'required'
            : ''
          : `\`${JSON.stringify(child.default)}\``;
      rows.push(
        `| \`${name}\` | ${typeText(child)} | ${inner && !child.items ? '' : fallback} | ${(child.description ?? '').replaceAll('|', '\\|')} |`,
      );
    }
    if (inner) walk(inner, child.items ? `${name}[]` : name, rows, required);
  }
}

function typeText(node: SchemaNode): string {
  if (node.enum) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.anyOf) return node.anyOf.map(typeText).join(' or ');
  if (node.items) return node.items.properties ? 'list' : `list of ${typeText(node.items)}`;
  if (node.properties || node.type === 'object') return 'section';
  return `${node.type ?? 'any'}${range(node)}`;
}

function range(node: SchemaNode): string {
  const low =
    node.exclusiveMinimum !== undefined
      ? `> ${String(node.exclusiveMinimum)}`
      : node.minimum !== undefined && node.minimum > Number.MIN_SAFE_INTEGER
        ? `>= ${String(node.minimum)}`
        : '';
  const high =
    node.exclusiveMaximum !== undefined
      ? `< ${String(node.exclusiveMaximum)}`
      : node.maximum !== undefined && node.maximum < Number.MAX_SAFE_INTEGER
        ? `<= ${String(node.maximum)}`
        : '';
  const both = [low, high].filter(Boolean).join(', ');
  return both ? ` ${both}` : '';
}
