import { resolve } from 'node:path';
import { parse } from 'yaml';
import { GlossaError } from '../base/error.js';
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

function isFileSetting(path: ConfigPath): boolean {
  return FILE_SETTINGS.includes(path.map((part) => (typeof part === 'number' ? '#' : part)).join('.'));
}

/** Makes every relative file setting of the raw config absolute, from `base`. */
export function resolveFiles(raw: unknown, base: string, path: ConfigPath = []): unknown {
  if (typeof raw === 'string') return isFileSetting(path) ? resolve(base, raw) : raw;
  if (Array.isArray(raw)) return raw.map((item: unknown, i) => resolveFiles(item, base, [...path, i]));
  if (raw !== null && typeof raw === 'object') {
    return Object.fromEntries(
      Object.entries(raw).map(([key, value]) => [key, resolveFiles(value, base, [...path, key])]),
    );
  }
  return raw;
}
