import { basename, dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { sha256Of } from '../base/checksum.js';
import { GlossaError } from '../base/error.js';
import { nearest } from '../base/suggest.js';
import {
  isPlain,
  locate,
  pathText,
  readConfigText,
  readConfigYaml,
  resolveFiles,
  type ConfigPath,
  type YamlText,
} from '../config/index.js';
import { sweepJsonSchema, sweepSchema, type SweepSpec } from './schema.js';

/** A sweep file as it was read. */
export interface SweepFile {
  /** Absolute. */
  path: string;
  spec: SweepSpec & { name: string };
  /** Finds lines of faults again. */
  yaml: YamlText;
  base: SweepBase;
}

/** The config that all runs begin with, its files as absolute paths. */
export interface SweepBase {
  /** Absolute; of a config that stands in the sweep file undefined. */
  path: string | undefined;
  /** Of the config's text; of one that stands in the sweep file of itself as JSON. */
  sha256: string;
  config: Record<string, unknown>;
  yaml: YamlText | undefined;
}

/**
 * Reads a sweep file and its base config.
 *
 * @throws GlossaError CONFIG_NOT_FOUND, CONFIG_SYNTAX, SWEEP_INVALID with file, line and column.
 */
export async function readSweepFile(given: string): Promise<SweepFile> {
  const path = resolve(given);
  const yaml = readConfigYaml(await readConfigText(given), given);
  const parsed = sweepSchema.safeParse(yaml.value ?? {}, { reportInput: true });
  if (!parsed.success) {
    const lines = parsed.error.issues.flatMap((issue) => faults(issue)).slice(0, 20);
    throw invalid(lines.map(({ at, text, part }) => `${placeIn({ path: given, yaml }, at, part)}: ${text}`).join('\n'));
  }
  const name = parsed.data.name ?? basename(path).replace(/\.ya?ml$/, '');
  if (/^\.*$/.test(name))
    throw invalid(`${placeIn({ path: given, yaml }, [])}: a name is missing: the file's own names no folder`);
  const spec = { ...parsed.data, name };
  return { path, spec, yaml, base: await readBase(spec, { path: given, yaml }) };
}

async function readBase({ base }: SweepSpec, file: Pick<SweepFile, 'path' | 'yaml'>): Promise<SweepBase> {
  const folder = dirname(resolve(file.path));
  if (typeof base !== 'string')
    return {
      path: undefined,
      sha256: sha256Of(JSON.stringify(base)),
      config: resolveFiles(base, folder) as Record<string, unknown>,
      yaml: undefined,
    };
  const path = resolve(folder, base);
  const at = `${placeIn(file, ['base'])}: base`;
  const text = await readConfigText(path).catch((error: unknown) => {
    if (!(error instanceof GlossaError)) throw error;
    const { code, message, hint } = error;
    throw new GlossaError(code, `${at}: ${message}`, { cause: error, ...(hint !== undefined && { hint }) });
  });
  const yaml = readConfigYaml(text, path);
  const config = resolveFiles(yaml.value ?? {}, dirname(path));
  if (!isPlain(config)) throw invalid(`${at}: ${path}: expected the settings of a config`);
  if ('base' in config) throw invalid(`${at}: ${path} is a sweep file itself; expected a config`);
  return { path, sha256: sha256Of(text), config, yaml };
}

/** `file:line:column` of what stands at a path of the sweep file. */
export function placeIn(
  { path, yaml }: Pick<SweepFile, 'path' | 'yaml'>,
  at: ConfigPath,
  part: 'key' | 'value' = 'value',
): string {
  return `${path}:${locate(yaml.doc, yaml.lines, at, part)}`;
}

/** A sweep file that cannot be meant. */
export function invalid(message: string, hint = 'docs/sweeps.md shows what may stand there'): GlossaError {
  return new GlossaError('SWEEP_INVALID', message, { hint });
}

interface Fault {
  at: ConfigPath;
  text: string;
  part: 'key' | 'value';
}

function faults(issue: z.core.$ZodIssue, above: ConfigPath = []): Fault[] {
  const at = [...above, ...(issue.path as ConfigPath)];
  const name = at.length > 0 ? `${pathText(at)}: ` : '';
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ at: [...at, key], part: 'key', text: unknown(at, key) }));
  if ((issue.code === 'invalid_type' || issue.code === 'invalid_union') && issue.input === undefined)
    return [{ at, part: 'key', text: `${name}is missing` }];
  // Of several kinds, the one that was meant is the one whose own kind is right.
  if (issue.code === 'invalid_union') {
    const meant =
      issue.errors.find(([first]) => first !== undefined && first.path.length > 0) ??
      issue.errors.find(([first]) => first?.code !== 'invalid_type');
    if (meant) return meant.flatMap((one) => faults(one, at));
    const kinds = issue.errors.map(([first]) =>
      first?.message.replace(/^Invalid input: expected /, '').replace(/, received .*$/, ''),
    );
    return [{ at, part: 'value', text: `${name}expected ${kinds.join(' or ')}` }];
  }
  return [{ at, part: 'value', text: `${name}${issue.message.replace(/^Invalid input: /, '')}` }];
}

function unknown(at: ConfigPath, key: string): string {
  const known = keysAt(at);
  const near = nearest(key, known);
  const name = pathText([...at, key]);
  return `${name}: a sweep has no such entry${near ? `; did you mean ${near}?` : known.length > 0 ? ` (there are ${known.join(', ')})` : ''}`;
}

interface Node {
  properties?: Record<string, Node>;
  additionalProperties?: Node | boolean;
  items?: Node;
  anyOf?: Node[];
}

/** Entries that a section of a sweep file may have. */
function keysAt(at: ConfigPath): string[] {
  const inner = (node: Node | undefined, part: string | number): Node | undefined => {
    const kinds = node?.anyOf ?? (node ? [node] : []);
    for (const kind of kinds) {
      if (typeof part === 'number' && kind.items) return kind.items;
      const child = kind.properties?.[part] ?? kind.additionalProperties;
      if (typeof child === 'object') return child;
    }
    return undefined;
  };
  const node = at.reduce<Node | undefined>(inner, sweepJsonSchema());
  return (node?.anyOf ?? (node ? [node] : [])).flatMap((kind) => Object.keys(kind.properties ?? {}));
}
