import { basename, dirname, resolve } from 'node:path';
import { LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { GlossaError } from '../base/error.js';
import { isMissing, readTextIfThere, readTextSync } from '../base/read_file.js';
import { checkConfig, completionsPerGeneration, promptStyle, type Finding } from './check.js';
import { locate, pathText, type ConfigPath } from './locate.js';
import { applyOverride, parseOverride, resolveFiles, type Override } from './overrides.js';
import { configJsonSchema, configSchema, type Config } from './schema.js';
import { labModelSchema, type LabModelSettings } from './sections/model.js';
import { nearest } from '../base/suggest.js';

/** A checked config with nothing left open: what a run is made of and what run.json keeps. */
export type ResolvedConfig = Config & {
  prompt: { style: 'chat' | 'plain' | 'template'; template?: { path: string; text: string } };
  grpo: { prompts_per_step: number; loss_type: 'grpo' | 'dr_grpo' | 'dapo' };
  eval: { max_completion_length: number };
  run: { dir: string; name: string };
};

/**
 * Reads a YAML config, applies `--set` overrides and checks it.
 *
 * @throws GlossaError CONFIG_NOT_FOUND, CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY, CONFIG_MISSING, CONFIG_INVALID, CONFIG_IMPOSSIBLE,
 *   CONFIG_LOSS_TYPE, CONFIG_OVERRIDE; the message has a line for each fault, with file, line and column.
 */
export async function loadConfig(path: string, sets: readonly string[] = []): Promise<ResolvedConfig> {
  const text = await readTextIfThere(path);
  if (text === undefined) throw new GlossaError('CONFIG_NOT_FOUND', `there is no config ${path}`);
  return parseConfig(text, { path, sets });
}

export function parseConfig(
  text: string,
  { path, sets = [] }: { path: string; sets?: readonly string[] },
): ResolvedConfig {
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = doc.errors[0];
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw new GlossaError('CONFIG_SYNTAX', `${path}:${String(line)}:${String(col)}: ${broken.message}`, {
      hint: 'the file is not valid YAML',
    });
  }
  const contents: unknown = doc.toJS() ?? {};
  const overrides = sets.map(parseOverride);
  const raw = resolveFiles(contents, dirname(resolve(path)));
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) {
    for (const override of overrides) applyOverride(raw as Record<string, unknown>, override);
  }
  return checkRaw(raw, { path, doc, lines, overrides });
}

/** Checks `model.lab` on its own, as `glossa lab` takes it. @throws GlossaError as {@link loadConfig}. */
export function labModelOf(raw: unknown): LabModelSettings {
  const parsed = labModelSchema.safeParse(raw, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw refusal(
    parsed.error.issues.flatMap((issue) => findingsOf({ ...issue, path: ['model', 'lab', ...issue.path] })),
    { path: 'lab', overrides: [] },
  );
}

interface Source {
  path: string;
  doc?: Document.Parsed;
  lines?: LineCounter;
  overrides: readonly Override[];
}

/** Checks a config that is already an object (of a run.json, of a recipe): no line numbers then. */
export function checkRaw(raw: unknown, source: Source): ResolvedConfig {
  const parsed = configSchema.safeParse(raw, { reportInput: true });
  const findings = parsed.success ? checkConfig(parsed.data) : parsed.error.issues.flatMap(findingsOf);
  if (findings.length > 0) throw refusal(findings, source);
  const config = parsed.data!;
  const template = readTemplate(config.prompt.template);
  if (template && 'code' in template) throw refusal([template], source);
  return resolveConfig(config, template, source.path);
}

/** A template is read once, so that a run goes on with the text it was begun with. */
function readTemplate(given: Config['prompt']['template']): { path: string; text: string } | Finding | undefined {
  if (typeof given !== 'string') return given;
  try {
    return { path: given, text: readTextSync(given) };
  } catch (error) {
    const code = isMissing(error) ? 'CONFIG_NOT_FOUND' : (error as GlossaError).code;
    return { code, path: ['prompt', 'template'], message: (error as GlossaError).message };
  }
}

function resolveConfig(
  config: Config,
  template: { path: string; text: string } | undefined,
  path: string,
): ResolvedConfig {
  const name = config.run.name ?? basename(path).replace(/\.ya?ml$/, '');
  const { generation_batch_size: _asked, ...grpo } = config.grpo;
  const { template: _given, ...prompt } = config.prompt;
  return {
    ...config,
    prompt: { ...prompt, style: promptStyle(config), ...(template && { template }) },
    model: { ...config.model, cache: resolve(config.model.cache) },
    grpo: {
      ...grpo,
      loss_type: config.grpo.loss_type as 'dapo',
      prompts_per_step: completionsPerGeneration(config.grpo) / config.grpo.num_generations,
    },
    eval: {
      ...config.eval,
      max_completion_length: config.eval.max_completion_length ?? config.grpo.max_completion_length,
    },
    run: { name, dir: resolve(config.run.dir ?? `runs/${name}`) },
  };
}

function findingsOf(issue: z.core.$ZodIssue): Finding[] {
  const path = issue.path as ConfigPath;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      code: 'CONFIG_UNKNOWN_KEY',
      path: [...path, key],
      message: `unknown setting${suggestion(path, key)}`,
    }));
  }
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return [{ code: 'CONFIG_MISSING', path, message: 'is missing' }];
  const got =
    issue.input === undefined || typeof issue.input === 'object' ? '' : `, got ${JSON.stringify(issue.input)}`;
  return [
    {
      code: 'CONFIG_INVALID',
      path,
      message: `${issue.message.replace(/^Invalid input: /, '').replace(/, received .*$/, '')}${got}`,
    },
  ];
}

/** The nearest name in the same section, or the same name in another one. */
function suggestion(path: ConfigPath, key: string): string {
  const sections = new Map<string, string[]>();
  collectKeys(configJsonSchema(), '', sections);
  const here = path.map((part) => (typeof part === 'number' ? '#' : part)).join('.');
  const near = nearest(key, sections.get(here) ?? []);
  if (near) return `; did you mean ${near}?`;
  const elsewhere = [...sections]
    .filter(([section, keys]) => section !== here && keys.includes(key))
    .map(([section]) => section);
  const shallowest = elsewhere.sort((a, b) => a.split('.').length - b.split('.').length)[0];
  if (shallowest !== undefined)
    return `; did you mean ${shallowest.replaceAll('.#', '[]')}${shallowest ? '.' : ''}${key}?`;
  const known = sections.get(here);
  return known ? ` (there are ${known.join(', ')})` : '';
}

function collectKeys(schema: unknown, at: string, sections: Map<string, string[]>): void {
  const { properties, items } = schema as { properties?: Record<string, unknown>; items?: unknown };
  if (properties) {
    sections.set(at, Object.keys(properties));
    for (const [key, child] of Object.entries(properties)) collectKeys(child, at ? `${at}.${key}` : key, sections);
  }
  if (items) collectKeys(items, `${at}.#`, sections);
}

function refusal(findings: Finding[], source: Source): GlossaError {
  const texts = findings.map(({ code, path, message }) => {
    const set = source.overrides.find(
      (override) =>
        override.path.every((part, i) => part === path[i]) || path.every((part, i) => part === override.path[i]),
    );
    const place =
      set && path.length > 0
        ? `--set ${set.text}`
        : source.doc && source.lines
          ? `${source.path}:${locate(source.doc, source.lines, path, code === 'CONFIG_UNKNOWN_KEY' ? 'key' : 'value')}`
          : source.path;
    return `${place}: ${path.length > 0 ? `${pathText(path)}: ` : ''}${message}`;
  });
  return new GlossaError(findings[0]!.code, texts.join('\n'), {
    hint: 'docs/config.md lists every setting; `glossa schema` prints the JSON Schema',
  });
}
