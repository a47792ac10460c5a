import { configJsonSchema } from './schema.js';
import type { ConfigPath } from './locate.js';

/** A node of the config's JSON Schema, as far as the table, overrides and suggestions read it. */
export interface SettingNode {
  type?: string;
  description?: string;
  /** Of a number: what it counts or measures. */
  unit?: string;
  /** Default of a setting whose default depends on others, in words. */
  fallback?: string;
  default?: unknown;
  enum?: unknown[];
  anyOf?: SettingNode[];
  properties?: Record<string, SettingNode>;
  required?: string[];
  additionalProperties?: boolean | SettingNode;
  items?: SettingNode;
  /** Of a list of so many parts: what they are. */
  prefixItems?: SettingNode[];
  title?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

let tree: SettingNode | undefined;

/** The settings as the schema has them. */
export function settingsTree(): SettingNode {
  return (tree ??= configJsonSchema());
}

/** A setting that may also be null, or one of several kinds, as the kind that has settings of its own. */
export function sectionOf(node: SettingNode): SettingNode {
  const kinds = node.anyOf?.filter((kind) => kind.type !== 'null') ?? [];
  return kinds.find((kind) => kind.properties) ?? kinds.find((kind) => kind.type === 'object') ?? kinds[0] ?? node;
}

/** The node under a key or list index; undefined where the schema has none. */
export function childOf(node: SettingNode, part: string | number): SettingNode | undefined {
  const section = sectionOf(node);
  if (section.items) return typeof part === 'number' ? section.items : undefined;
  const key = String(part);
  if (section.properties && Object.hasOwn(section.properties, key)) return section.properties[key];
  return typeof section.additionalProperties === 'object' ? section.additionalProperties : undefined;
}

/** The node of a path; undefined where the schema has none. */
export function nodeAt(path: ConfigPath): SettingNode | undefined {
  return path.reduce<SettingNode | undefined>((node, part) => node && childOf(node, part), settingsTree());
}

/** Every section with the names of its settings: '' is the top, `data.train.#` an entry of a list. */
export function sections(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const collect = (node: SettingNode, at: string): void => {
    const { properties, items } = sectionOf(node);
    if (properties) found.set(at, Object.keys(properties));
    for (const [key, child] of Object.entries(properties ?? {})) collect(child, at ? `${at}.${key}` : key);
    if (items) collect(items, `${at}.#`);
  };
  collect(settingsTree(), '');
  return found;
}
