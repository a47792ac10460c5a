import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isModule } from '../answer/types.js';
import { parseHubDataSet, parseHubFile, parseHubId } from '../hub/index.js';
import type { ConfigPath } from './locate.js';

/** Settings that name a file; a relative one counts from the config file, or from the working folder in `--set`. */
const FILE_SETTINGS: readonly string[] = [
  'model.path',
  'model.adapter',
  'model.init.config',
  'model.init.tokenizer',
  'data.train.#.path',
  'data.eval.#.path',
  'data.hold_out.#.ids',
  'data.eval.#.examples.path',
  'sft.eval.#.path',
  'data.train.#.verifier',
  'data.eval.#.verifier',
  'rewards.#.module',
  'prompt.template',
];

const isHubData = (text: string) => parseHubFile(text) !== undefined || parseHubDataSet(text) !== undefined;
/** Of these, the ones that may instead name what is in the hub's cache; a file or folder of that name wins. */
const HUB_SETTINGS: Record<string, (text: string) => boolean> = {
  'model.path': (text) => text.includes('/') && parseHubId(text, 'model') !== undefined,
  'data.train.#.path': isHubData,
  'data.eval.#.path': isHubData,
  'data.eval.#.examples.path': (text) => parseHubFile(text) !== undefined,
  'sft.eval.#.path': (text) => parseHubFile(text) !== undefined,
};

/** Makes every relative file setting of the raw config absolute, from `base`; a name of the hub's stays as it is. */
export function resolveFiles(raw: unknown, base: string, path: ConfigPath = []): unknown {
  if (typeof raw === 'string') return resolveFile(raw, base, path);
  if (Array.isArray(raw)) return raw.map((item: unknown, i) => resolveFiles(item, base, [...path, i]));
  if (isPlain(raw)) {
    return Object.fromEntries(
      Object.entries(raw).map(([key, value]) => [key, resolveFiles(value, base, [...path, key])]),
    );
  }
  return raw;
}

/** A section, and not a date, bytes or a set that a YAML tag made. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function resolveFile(raw: string, base: string, path: ConfigPath): string {
  if (raw === '') return raw; // the schema refuses it
  const setting = path.map((part) => (typeof part === 'number' ? '#' : part)).join('.');
  if (!FILE_SETTINGS.includes(setting) || (setting.endsWith('.verifier') && !isModule(raw))) return raw;
  const file = resolve(base, raw);
  return HUB_SETTINGS[setting]?.(raw) && !existsSync(file) ? raw : file;
}
