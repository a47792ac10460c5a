import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GlossaError } from '../base/error.js';
import { BINDING_NAMES, type NativeBinding } from './binding.js';

export interface LoadedBinding {
  binding: NativeBinding;
  /** The file it came from. */
  path: string;
}

const require = createRequire(import.meta.url);

/** The folder that holds package.json, seen from src/engine as from dist/engine. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Where the addon may lie, best first. GLOSSA_NATIVE names one file and allows no other. */
export function bindingCandidates(root: string = ROOT, environment: NodeJS.ProcessEnv = process.env): string[] {
  const override = environment['GLOSSA_NATIVE'];
  if (override !== undefined && override !== '') return [resolve(override)];
  return [join(root, 'build', 'Release', 'glossa.node'), join(root, 'build', 'Debug', 'glossa.node')];
}

/**
 * Loads the first candidate that loads.
 *
 * @throws GlossaError `NATIVE_NOT_FOUND` with what was wrong with each candidate and the command to type next.
 */
export function loadFrom(candidates: readonly string[]): LoadedBinding {
  const failures: string[] = [];
  for (const path of candidates) {
    if (!existsSync(path)) {
      failures.push(`${path}: no such file`);
      continue;
    }
    try {
      const binding = require(path) as NativeBinding;
      const missing = BINDING_NAMES.filter((name) => !(name in binding));
      if (missing.length === 0) return { binding, path };
      failures.push(`${path}: built from other sources than this program: it has no ${missing.join(', ')}`);
    } catch (error) {
      failures.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new GlossaError(
    'NATIVE_NOT_FOUND',
    ['cannot load the native engine', ...failures.map((line) => `  ${line}`)].join('\n'),
    { hint: 'Build it: npm run build' },
  );
}

let loaded: LoadedBinding | undefined;

/** The addon, loaded once. */
export function loadBinding(): LoadedBinding {
  loaded ??= loadFrom(bindingCandidates());
  return loaded;
}
