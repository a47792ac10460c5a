import { GlossaError } from '../base/error.js';
import { isPlain, resolveFiles } from './files.js';
import type { ConfigPath } from './locate.js';
import { childOf, nodeAt, sectionOf, type SettingNode } from './settings_tree.js';
import { unknownSetting } from './suggestion.js';
import { readYaml, YamlFault } from './yaml.js';

export interface Override {
  path: ConfigPath;
  value: unknown;
  text: string;
  /** Where its name and its value stand, in words. Default: `--set` and the text. */
  place?: { key: string; value: string };
}

/** Where an override was given, for a message. */
export function overridePlace({ text, place }: Override, part: 'key' | 'value' = 'value'): string {
  return place?.[part] ?? `--set ${cut(text)}`;
}

/** `a.b`, `rewards.0.weight` or `rewards[0].weight`; the deepest setting has far fewer parts. */
const SETTING = /^[\w-]+(?:\.[\w-]+|\[\d+\]){0,31}$/;

/**
 * `a.b=c`, `rewards.0.weight=2`: the value is read as YAML, so numbers, lists and `null` are what they look like; that of a
 * setting that holds a text is the text.
 *
 * @throws GlossaError CONFIG_OVERRIDE
 */
export function parseOverride(text: string): Override {
  return parseWithin([], text);
}

/** As {@link parseOverride}, for names that count from a section. */
export function parseWithin(within: ConfigPath, text: string): Override {
  const equals = text.indexOf('=');
  const key = text.slice(0, Math.max(0, equals)).trim();
  if (settingPath(key) === undefined) {
    throw refused(
      `--set ${cut(text)}`,
      'expected setting=value',
      'for example --set optimizer.learning_rate=1e-4, or rewards.0.weight=2',
    );
  }
  const path = settingPath(key)!;
  const written = text.slice(equals + 1).trim();
  // A text is what is written, also where YAML would see a number, a section or a comment in it.
  if (nodeAt([...within, ...path])?.type === 'string' && !/^["']/.test(written)) return { path, value: written, text };
  try {
    return { path, value: readYaml(written).value, text };
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error;
    throw refused(
      `--set ${cut(text)}`,
      `the value is not YAML: ${error.message.split('\n')[0] ?? ''}`,
      'put quotes around the value',
    );
  }
}

/** `rewards[0].weight` or `rewards.0.weight` as a path; undefined of a text that names no setting. */
export function settingPath(name: string): (string | number)[] | undefined {
  if (!SETTING.test(name)) return undefined;
  const parts = name.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  return parts.map((part) => (/^(?:0|[1-9]\d*)$/.test(part) ? Number(part) : part));
}

/** Whether this version has the setting of an override. */
export const isSetting = ({ path }: Override): boolean => nodeAt(path) !== undefined;

/**
 * Puts the override's value into a plain object in place: the one value, and nothing beside it. Sections on the way are made; a
 * list that the config leaves out is begun with its default.
 *
 * @throws GlossaError CONFIG_OVERRIDE, CONFIG_UNKNOWN_KEY
 */
export function applyOverride(target: Record<string, unknown>, override: Override, within: ConfigPath = []): void {
  const { path, value } = override;
  const place = overridePlace(override, 'key');
  let at: Record<string, unknown> | unknown[] = target;
  let node = nodeAt(within);
  path.forEach((part, i) => {
    const here = path.slice(0, i);
    const known = node && childOf(node, part);
    const key = Array.isArray(at)
      ? indexOf(part, at, here, place)
      : keyOf(part, node, known, [...within, ...here], place);
    const last = i === path.length - 1;
    const next = last ? resolveFiles(value, '.', [...within, ...path]) : inner(own(at, key), known, path, i, place);
    // As a property of its own, whatever objects inherit under that name.
    Object.defineProperty(at, key, { value: next, writable: true, enumerable: true, configurable: true });
    if (!last) at = next as Record<string, unknown> | unknown[];
    node = known;
  });
}

function own(at: object, key: string | number): unknown {
  return Object.hasOwn(at, key) ? (at as Record<string | number, unknown>)[key] : undefined;
}

/** What the path goes on into: what is there, or else the list or section that belongs there. */
function inner(there: unknown, known: SettingNode | undefined, path: ConfigPath, i: number, place: string): unknown {
  if (Array.isArray(there) || isPlain(there)) return there;
  // Of data that has no schema (`settings` of a reward), what the next part is decides.
  const kind = known && Object.keys(known).length > 0 ? sectionOf(known) : undefined;
  const isSection =
    kind === undefined || kind.items !== undefined || kind.properties !== undefined || kind.type === 'object';
  if ((there !== undefined && there !== null) || !isSection)
    throw refused(place, `${path.slice(0, i + 1).join('.')} is a value, not a section`);
  if (known && Array.isArray(known.default)) return structuredClone(known.default);
  return (kind ? kind.items !== undefined : typeof path[i + 1] === 'number') ? [] : {};
}

/** A list may be changed at an entry that it has, and go on behind its last one. */
function indexOf(part: string | number, list: readonly unknown[], path: ConfigPath, place: string): number {
  if (typeof part === 'number' && part <= list.length) return part;
  const has = list.length === 1 ? 'one entry, 0' : `${String(list.length)} entries`;
  throw refused(
    place,
    `${path.join('.')} is a list of ${list.length === 0 ? 'no entries' : has}; expected ${list.length === 0 ? '0' : `a number up to ${String(list.length)}, which adds one`}, got ${String(part)}`,
  );
}

function keyOf(
  part: string | number,
  section: SettingNode | undefined,
  known: SettingNode | undefined,
  path: ConfigPath,
  place: string,
): string {
  const key = String(part);
  if (section && known === undefined && sectionOf(section).properties) {
    throw new GlossaError('CONFIG_UNKNOWN_KEY', `${place}: ${[...path, key].join('.')}: ${unknownSetting(path, key)}`, {
      hint: 'docs/config.md lists every setting',
    });
  }
  if (['__proto__', 'constructor', 'prototype'].includes(key)) throw refused(place, `no setting is called ${key}`);
  return key;
}

const cut = (text: string) => (text.length > 120 ? `${text.slice(0, 120)}...` : text);

function refused(place: string, message: string, hint?: string): GlossaError {
  return new GlossaError('CONFIG_OVERRIDE', `${place}: ${message}`, {
    hint: hint ?? 'docs/config.md lists every setting, and shows how --set names them',
  });
}
