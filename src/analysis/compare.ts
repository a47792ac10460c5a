import { findMeasure, isTiming } from '../metrics/index.js';
import {
  inputDifferences,
  readRecord,
  readRun,
  settingDifferences,
  stateOf,
  type Difference,
  type MetricsLine,
  type RunRecord,
  type RunState,
} from '../run/index.js';
import { collapse } from './collapse.js';
import { compareHeldOut, type ComparedHeldOut } from './compare_held_out.js';
import { compareSuites, type ComparedSuite } from './compare_suites.js';
import { runModel, type RunModel } from './model.js';
import { methodOf, type Method } from './supervised.js';

/** What two runs have otherwise: `then` is of the first, `now` of the second. */
export interface Comparison {
  a: ComparedRun;
  b: ComparedRun;
  /** Settings, with the defaults of this version where one of them leaves a setting out. */
  settings: Difference[];
  /** Files that they were made from. */
  inputs: Difference[];
  /** Machine, version, commit, instruction set. */
  machine: Difference[];
  suites: ComparedSuite[];
  /** Sets of `sft.eval`. */
  held_out: ComparedHeldOut[];
  /**
   * Metrics of the training prompts or examples at the last step that both have made; timings are left out. Steps of GRPO and steps of
   * supervised fine-tuning are not compared.
   */
  last: { step: number; metrics: MetricPair[] } | null;
  /** Headline metrics by step, for every step that either has. */
  curves: { name: string; points: { step: number; a: number | null; b: number | null }[] }[];
  /** The first step both have made in which a metric is another number; null: none. Timings are not compared. */
  first_difference: { step: number; metrics: MetricPair[] } | null;
  /** Steps that both have made. */
  common_steps: number;
}

export interface ComparedRun {
  dir: string;
  name: string;
  method: Method;
  state: RunState;
  step: number;
  max_steps: number | null;
  /** By training language; null: none. */
  collapse_step: Record<string, number | null>;
}

export interface MetricPair {
  name: string;
  a: number | null;
  b: number | null;
}

/** Metrics whose curves are compared, by the names of their measures. */
const CURVES = {
  grpo: [
    'accuracy',
    'language/target_wr',
    'language/rewarded/target_wr',
    'reward',
    'entropy',
    'completions/mean_length',
  ],
  sft: ['loss', 'mean_token_accuracy', 'entropy'],
};

/**
 * @param read A config of any version, with the defaults of this one.
 * @param step At which held-out suites are compared; default: the last evaluation of each run.
 * @throws GlossaError RUN_NOT_FOUND, RUN_CORRUPT, ROLLOUT_INVALID, IO_ERROR.
 */
export async function compareRuns(
  [dirA, dirB]: readonly [string, string],
  { read, step }: { read: (record: RunRecord, dir: string) => unknown; step?: number },
): Promise<Comparison> {
  const [a, b] = [await load(dirA), await load(dirB)];
  const lines = alignedLines(a.model.metrics, b.model.metrics);
  const method = methodOf(a.record.config);
  const alike = method === methodOf(b.record.config);
  const both = lines.filter((pair): pair is AlignedLines & { a: MetricsLine; b: MetricsLine } => !!pair.a && !!pair.b);
  const common = alike ? both : [];
  const last = common.at(-1);
  const differing = common
    .map((pair) => ({ step: pair.step, metrics: metricPairs(pair).filter(({ a: x, b: y }) => x !== y) }))
    .find(({ metrics }) => metrics.length > 0);
  return {
    a: told(a),
    b: told(b),
    settings: settingDifferences(heeded(read(a.record, dirA)), heeded(read(b.record, dirB))).filter(
      ({ what }) => !isPlace(what),
    ),
    inputs: inputDifferences(files(a.record), files(b.record)),
    machine: settingDifferences(machineOf(a.record), machineOf(b.record)),
    suites: await compareSuites(a.model, b.model, step),
    held_out: compareHeldOut(a.model.supervised, b.model.supervised, step),
    last: last ? { step: last.step, metrics: metricPairs(last) } : null,
    curves: alike ? curves(lines, CURVES[method]) : [],
    first_difference: differing ?? null,
    common_steps: both.length,
  };
}

/** `grpo` counts for nothing in supervised fine-tuning. */
function heeded(config: unknown): unknown {
  if (methodOf(config) === 'grpo') return config;
  const { grpo: _idle, ...rest } = config as Record<string, unknown>;
  return rest;
}

interface Loaded {
  record: RunRecord;
  model: RunModel;
  state: RunState;
}

async function load(dir: string): Promise<Loaded> {
  const [record, summary] = [await readRecord(dir), await readRun(dir)];
  return { record, model: runModel(summary.name, summary), state: await stateOf(summary.dir, record) };
}

function told({ record, model, state }: Loaded): ComparedRun {
  const { dir, steps: step, maxSteps: max_steps, training } = model;
  const collapses = training.map(({ language, of }) => [String(language), collapse(of('target_wr_rewarded')).step]);
  return {
    dir,
    name: record.name,
    method: methodOf(record.config),
    state,
    step,
    max_steps,
    collapse_step: Object.fromEntries(collapses) as ComparedRun['collapse_step'],
  };
}

/** Where a run lies and what it is called is no difference in what it does. */
const isPlace = (setting: string): boolean => setting === 'run.dir' || setting === 'run.name';

const files = ({ inputs }: RunRecord) => [...(inputs?.files ?? []), ...(inputs?.model ?? [])];

function machineOf({ machine, model }: RunRecord) {
  const { glossa, commit, node, host, platform, cpu, cores, memoryGb, native, gpu } = machine;
  const { isa, device, threads } = (model ?? {}) as { isa?: string; device?: string; threads?: number };
  return {
    glossa,
    commit,
    native: native?.version,
    node,
    host,
    platform,
    cpu,
    cores,
    memoryGb,
    gpu,
    device,
    isa,
    threads,
  };
}

interface AlignedLines {
  step: number;
  a?: MetricsLine;
  b?: MetricsLine;
}

function alignedLines(a: readonly MetricsLine[], b: readonly MetricsLine[]): AlignedLines[] {
  const byStep = new Map<number, AlignedLines>();
  for (const line of a) byStep.set(line.step, { step: line.step, a: line });
  for (const line of b) byStep.set(line.step, { ...byStep.get(line.step), step: line.step, b: line });
  return [...byStep.values()].sort((x, y) => x.step - y.step);
}

/** All metrics of a step but timings; null of one that a side has not, too. */
function metricPairs({ a, b }: AlignedLines): MetricPair[] {
  const [from, to] = [a ?? {}, b ?? {}] as Record<string, number | null>[];
  return [...new Set([...Object.keys(from!), ...Object.keys(to!)])]
    .filter((name) => name !== 'step' && !isTiming(name))
    .map((name) => ({ name, a: from![name] ?? null, b: to![name] ?? null }));
}

function curves(lines: readonly AlignedLines[], measures: readonly string[]): Comparison['curves'] {
  const names = new Set(lines.flatMap(({ a, b }) => [...Object.keys(a ?? {}), ...Object.keys(b ?? {})]));
  const chosen = [...names].filter((name) => {
    const found = findMeasure(name);
    return found !== undefined && found.suite === undefined && measures.includes(found.measure.name);
  });
  const value = (line: MetricsLine | undefined, name: string) =>
    (line as Record<string, number | null> | undefined)?.[name] ?? null;
  return chosen.map((name) => ({
    name,
    points: lines.map(({ step, a, b }) => ({ step, a: value(a, name), b: value(b, name) })),
  }));
}
