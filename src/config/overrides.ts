import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { GlossaError } from '../base/error.js';
import { parseHubFile, parseHubId } from '../hub/index.js';
import type { ConfigPath } from './locate.js';

/** Settings that name a file; a relative one counts from the config file, or from the working folder in `--set`. */
const FILE_SETTINGS: readonly string[] = [
  'model.path',
  'model.init.config',
  'model.init.tokenizer',
  'data.train.#.path',
  'data.eval.#.path',
  'rewards.#.module',
  'prompt.template',
];

/** Of these, the ones that may instead name what is in the hub's cache; a file or folder of that name wins. */
const HUB_SETTINGS: Record<string, (text: string) => boolean> = {
  'model.path': (text) => text.includes('/') && parseHubId(text, 'model') !== undefined,
  'data.train.#.path': (text) => parseHubFile(text) !== undefined,
  'data.eval.#.path': (text) => parseHubFile(text) !== undefined,
};

export interface Override {
  path: ConfigPath;
  value: unknown;
  text: string;
}

/** `a.b=c`, `rewards.0.weight=2`: the value is read as YAML, so numbers, lists and `null` are what they look like. */
export function parseOverride(text: string): Override {
  const equals = text.indexOf('=');
  const key = text.slice(0, equals).trim();
  if (equals < 1 || !/^[\w-]+(\.[\w-]+|\[\d+\])*$/.test(key)) {
    throw new GlossaError('CONFIG_OVERRIDE', `--set ${text}: expected setting=value`, {
      hint: 'for example --set optimizer.learning_rate=1e-4',
    });
  }
  const path = key
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  try {
    return { path, value: parse(text.slice(equals + 1)), text };
  } catch (error) {
    throw new GlossaError(
      'CONFIG_OVERRIDE',
      `--set ${text}: the value is not YAML: ${(error as Error).message.split('\n')[0] ?? ''}`,
      { cause: error },
    );
  }
}

/** Puts the override's value into a plain object in place, making sections on the way. */
export function applyOverride(target: Record<string, unknown>, { path, value, text }: Override): void {
  let at: Record<string | number, unknown> = target;
  path.slice(0, -1).forEach((part, i) => {
    const next = at[part];
    if (next === undefined || next === null) at[part] = typeof path[i + 1] === 'number' ? [] : {};
    else if (typeof next !== 'object') {
      throw new GlossaError(
        'CONFIG_OVERRIDE',
        `--set ${text}: ${path.slice(0, i + 1).join('.')} is a value, not a section`,
      );
    }
    at = at[part] as Record<string | number, unknown>;
  });
  at[path.at(-1)!] = resolveFiles(value, '.', path);
}

/** Makes every relative file setting of the raw config absolute, from `base`; a name of the hub's stays as it is. */
export function resolveFiles(raw: unknown, base: string, path: ConfigPath = []): unknown {
  if (typeof raw === 'string') return resolveFile(raw, base, path);
  if (Array.isArray(raw)) return raw.map((item: unknown, i) => resolveFiles(item, base, [...path, i]));
  if (raw !== null && typeof raw === 'object') {
    return Object.fromEntries(
      Object.entries(raw).map(([key, value]) => [key, resolveFiles(value, base, [...path, key])]),
    );
  }
  return raw;
}

function resolveFile(raw: string, base: string, path: ConfigPath): string {
  const setting = path.map((part) => (typeof part === 'number' ? '#' : part)).join('.');
  if (!FILE_SETTINGS.includes(setting)) return raw;
  const file = resolve(base, raw);
  return HUB_SETTINGS[setting]?.(raw) && !existsSync(file) ? raw : file;
}
