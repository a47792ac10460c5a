import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GlossaError } from '../base/error.js';
import { BINDING_NAMES, type NativeBinding } from './binding.js';
import { prebuiltEngines, type System } from './packages.js';

export interface LoadedBinding {
  binding: NativeBinding;
  /** The file it came from. */
  path: string;
}

const require = createRequire(import.meta.url);

/** The folder that holds package.json, seen from src/engine as from dist/engine. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A file that may be the addon. */
export interface Candidate {
  path: string;
  /** The package that brings it; undefined: GLOSSA_NATIVE, or the build of a checkout. */
  from?: string;
  /** Why it is not tried. */
  leftOut?: string;
}

/**
 * Where the addon may lie, best first: the build of a checkout, then packages with a built one. GLOSSA_NATIVE names one file and
 * allows no other.
 */
export function bindingCandidates(
  root: string = ROOT,
  environment: NodeJS.ProcessEnv = process.env,
  system?: System,
): Candidate[] {
  const override = environment['GLOSSA_NATIVE'];
  if (override !== undefined && override !== '') return [{ path: resolve(override) }];
  return [
    { path: join(root, 'build', 'Release', 'glossa.node') },
    { path: join(root, 'build', 'Debug', 'glossa.node') },
    ...prebuiltEngines(root, system).map(({ name, file, leftOut }) => ({
      path: file,
      from: name,
      ...(leftOut !== undefined && { leftOut }),
    })),
  ];
}

/**
 * Loads the first candidate that loads.
 *
 * @throws GlossaError `NATIVE_NOT_FOUND` with what was wrong with each candidate and the command to type next.
 */
export function loadFrom(candidates: readonly Candidate[], root: string = ROOT): LoadedBinding {
  const failures: string[] = [];
  for (const { path, from, leftOut } of candidates) {
    const name = from ?? path;
    if (!existsSync(path)) {
      failures.push(`${name}: ${from === undefined ? 'no such file' : 'not installed'}`);
      continue;
    }
    if (leftOut !== undefined) {
      failures.push(`${name}: ${leftOut}`);
      continue;
    }
    const other = from === undefined ? undefined : otherVersion(path);
    if (other !== undefined) {
      failures.push(`${name}: ${other}`);
      continue;
    }
    try {
      const binding = require(path) as NativeBinding;
      const missing = BINDING_NAMES.filter((name) => !(name in binding));
      if (missing.length === 0) return { binding, path };
      failures.push(`${name}: built from other sources than this program: it has no ${missing.join(', ')}`);
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new GlossaError(
    'NATIVE_NOT_FOUND',
    ['cannot load the native engine', ...failures.map((line) => `  ${line}`)].join('\n'),
    { hint: nextCommand(root) },
  );
}

/** A checkout is built; what was installed from packages lacks one of them. */
function nextCommand(root: string): string {
  if (existsSync(join(root, 'CMakeLists.txt'))) return 'Build it: npm run build';
  return `Install it: npm install @glossa/native-${process.platform}-${process.arch}@${versionIn(root)}`;
}

/** What is wrong with the version of the package that brings this file. */
function otherVersion(file: string): string | undefined {
  const [its, own] = [versionIn(dirname(file)), versionIn(ROOT)];
  return its === own ? undefined : `is version ${its}, and this program is ${own}`;
}

/** @throws GlossaError NATIVE_ERROR where a folder's package.json has none. */
export function versionIn(dir: string): string {
  const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as unknown;
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  throw new GlossaError('NATIVE_ERROR', `${dir}/package.json has no version`);
}

/** Of this program. */
export const packageVersion = (): string => versionIn(ROOT);

let loaded: LoadedBinding | undefined;

/** The addon, loaded once. */
export function loadBinding(): LoadedBinding {
  loaded ??= loadFrom(bindingCandidates());
  return loaded;
}
