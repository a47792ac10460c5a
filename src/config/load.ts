import { basename, dirname, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { isMissing, readFileWhole, readTextSync } from '../base/read_file.js';
import { decodeUtf8 } from '../data/utf8.js';
import type { ScaleRewards } from '../grpo/types.js';
import { checkConfig, completionsPerGeneration, promptStyle, trainSources } from './check.js';
import { scaleOf } from './check_advantages.js';
import { hubFile, suiteName } from './suites.js';
import { isPlain, resolveFiles } from './files.js';
import { findingsOf, refusal, type Finding, type Source } from './findings.js';
import { applyOverride, parseOverride, type Override } from './overrides.js';
import { configSchema, type Config } from './schema.js';
import type { EvalSource, TrainSource } from './sections/data.js';
import { DEFAULT_BUDGET } from './sections/grpo.js';
import { labModelSchema, type LabModelSettings } from './sections/model.js';
import { SFT_LEARNING_RATE } from './sections/sft.js';
import { readYaml, YamlFault, type YamlText } from './yaml.js';

/** A checked config with nothing left open: what a run is made of and what run.json keeps. */
export type ResolvedConfig = Omit<Config, 'data'> & {
  data: Omit<Config['data'], 'train' | 'eval'> & { train: TrainSource[]; eval: (EvalSource & { name: string })[] };
  prompt: { style: 'chat' | 'plain' | 'template'; template?: { path: string; text: string } };
  grpo: { prompts_per_step: number; max_completion_length: number; scale_rewards: ScaleRewards };
  eval: { max_completion_length: number };
  run: { dir: string; name: string };
};

/** What a command adds to a config file. */
export interface Asked {
  /** `--set`: `section.name=value`. */
  sets?: readonly string[];
  /** The model of a config that names none. */
  modelWhereNone?: string | undefined;
}

/** A config larger than this is another file. */
const MOST_BYTES = 2 ** 20;

/**
 * Reads a YAML config, applies what the command line adds, and checks it.
 *
 * @throws GlossaError CONFIG_NOT_FOUND, CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY, CONFIG_MISSING, CONFIG_INVALID, CONFIG_IMPOSSIBLE,
 *   CONFIG_LOSS_TYPE, CONFIG_OVERRIDE; the message has a line for each fault, with file, line and column.
 */
export async function loadConfig(path: string, asked: readonly string[] | Asked = []): Promise<ResolvedConfig> {
  return parseConfig(await readConfigText(path), { path, ...('length' in asked ? { sets: asked } : asked) });
}

/** The text of a file of settings. @throws GlossaError CONFIG_NOT_FOUND, CONFIG_SYNTAX. */
export async function readConfigText(path: string): Promise<string> {
  const bytes = await readFileWhole(path, MOST_BYTES).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    const { message, hint } = error as GlossaError;
    throw new GlossaError('CONFIG_NOT_FOUND', message, { ...(hint && { hint }), cause: error });
  });
  const decoded = decodeUtf8(bytes);
  if ('invalidAt' in decoded) {
    const line = bytes.subarray(0, decoded.invalidAt).filter((byte) => byte === 10).length + 1;
    throw new GlossaError(
      'CONFIG_SYNTAX',
      `${path}:${String(line)}: byte ${String(decoded.invalidAt + 1)} is not UTF-8`,
      {
        hint: 'save the file as UTF-8',
      },
    );
  }
  return decoded.text;
}

export function parseConfig(
  text: string,
  { path, sets = [], modelWhereNone }: { path: string } & Asked,
): ResolvedConfig {
  const { value, doc, lines } = readConfigYaml(text, path);
  const overrides = sets.map((set) => parseOverride(set));
  const raw = resolveFiles(value ?? {}, dirname(resolve(path)));
  if (isPlain(raw)) {
    for (const override of overrides) applyOverride(raw, override);
    if (overrides.some(({ path: named }) => named.join('.') === 'model.path')) putModel(raw, overrides);
    if (modelWhereNone !== undefined) raw['model'] ??= { path: resolve(modelWhereNone) };
  }
  return checkRaw(raw, { path, doc, lines, overrides });
}

/** A text of settings as YAML. @throws GlossaError CONFIG_SYNTAX. */
export function readConfigYaml(text: string, path: string): YamlText {
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error;
    throw new GlossaError('CONFIG_SYNTAX', `${path}:${error.place}: ${error.message}`, {
      hint: 'the file is not valid YAML',
      cause: error,
    });
  }
}

/** `--set model.path` puts a model in the place of the file's; a lab stays where its problems are trained on. */
function putModel(raw: Record<string, unknown>, overrides: readonly Override[]): void {
  const { init, lab, ...model } = raw['model'] as Record<string, unknown>;
  const { train, eval: suites } = isPlain(raw['data']) ? raw['data'] : {};
  const sources = [train ?? [{ lab: {} }], suites ?? []].flat();
  const trainsOnLab = sources.some((source) => isPlain(source) && source['lab'] !== undefined);
  const also = (kind: string) => overrides.some(({ path }) => path[0] === 'model' && path[1] === kind);
  raw['model'] = {
    ...model,
    ...(lab !== undefined && (trainsOnLab || also('lab')) && { lab }),
    ...(init !== undefined && also('init') && { init }),
  };
}

/** Checks `model.lab` on its own, as `npx glossa lab` takes it. @throws GlossaError as {@link loadConfig}. */
export function labModelOf(raw: unknown, overrides: Source['overrides'] = []): LabModelSettings {
  const parsed = labModelSchema.safeParse(raw, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw refusal(
    parsed.error.issues.flatMap((issue) => findingsOf({ ...issue, path: [...LAB, ...issue.path] })),
    {
      path: 'npx glossa lab',
      overrides: overrides.map((override) => ({ ...override, path: [...LAB, ...override.path] })),
    },
  );
}

/** The section that `npx glossa lab` is about. */
export const LAB = ['model', 'lab'] as const;

/** Checks a config that is already an object (of a run.json, of a recipe): no line numbers then. */
export function checkRaw(raw: unknown, source: Source): ResolvedConfig {
  const parsed = configSchema.safeParse(withSftDefaults(raw), { reportInput: true });
  const findings = parsed.success ? checkConfig(parsed.data) : parsed.error.issues.flatMap(findingsOf);
  if (findings.length > 0) throw refusal(findings, source);
  const config = parsed.data!;
  const template = readTemplate(config.prompt.template);
  if (template && 'code' in template) throw refusal([template], source);
  return resolveConfig(config, template, source.path);
}

/** Supervised steps are larger than GRPO's. */
function withSftDefaults(raw: unknown): unknown {
  if (!isPlain(raw) || raw['sft'] === undefined) return raw;
  const { optimizer = {} } = raw;
  return isPlain(optimizer) ? { ...raw, optimizer: { learning_rate: SFT_LEARNING_RATE, ...optimizer } } : raw;
}

/** A suite with its name and, where it has none of its own, its file of the hub. */
function namedSuite(source: EvalSource): EvalSource & { name: string } {
  const path = source.path ?? hubFile(source);
  return { ...source, name: suiteName(source), ...(path !== undefined && { path }) };
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
  const budget = grpo.max_completion_length ?? DEFAULT_BUDGET[config.model.lab ? 'lab' : 'model'];
  return {
    ...config,
    data: { ...config.data, train: trainSources(config), eval: config.data.eval.map(namedSuite) },
    prompt: { ...prompt, style: promptStyle(config), ...(template && { template }) },
    model: { ...config.model, cache: resolve(config.model.cache) },
    grpo: {
      ...grpo,
      max_completion_length: budget,
      scale_rewards: scaleOf(config.grpo),
      prompts_per_step: completionsPerGeneration(config.grpo) / config.grpo.num_generations,
    },
    eval: { ...config.eval, max_completion_length: config.eval.max_completion_length ?? budget },
    run: { name, dir: resolve(config.run.dir ?? `runs/${name}`) },
  };
}
