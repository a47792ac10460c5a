import { join } from 'node:path';
import { namesIn } from '../base/folder.js';
import { isTiming } from '../metrics/index.js';
import { readRolloutFile } from '../rollout/index.js';
import { stepOf, type MetricsLine, type RunFolder } from '../run/index.js';
import { firstByteApart, firstTensorApart } from './weights.js';

/** A step and what of it is otherwise now. */
export interface Apart {
  step: number;
  what: string;
}

/** What was compared, and the first of it that is otherwise. */
export interface Compared {
  lines: number;
  files: number;
  /** Whether both have a checkpoint of the last step. */
  weights: boolean;
  apart: Apart[];
}

/** Steps after `from` and up to `to`; from the beginning also what is of step 0. */
type Steps = readonly [from: number, to: number];
const isOf = ([from, to]: Steps, step: number) => (step > from || (from === 0 && step === 0)) && step <= to;

/** Lines of metrics, and the steps after which the run was taken up again: it may have ended there once, and been evaluated for that. */
interface Lines {
  then: readonly MetricsLine[];
  now: readonly MetricsLine[];
  ends: ReadonlySet<number>;
}

/** Compares what a run has of these steps with what was played, in the order in which it comes about; only the first difference of each kind is told. */
export async function comparePlayed(
  { run, replica }: { run: RunFolder; replica: RunFolder },
  played: Lines,
  steps: Steps,
): Promise<Compared> {
  const rollouts = await compareFiles(run.rollouts, replica.rollouts, steps);
  const evaluations = await compareFiles(run.evaluations, replica.evaluations, steps);
  const lines = compareLines(played, steps);
  const both = await Promise.all([run, replica].map((each) => namesIn(each.checkpoint(steps[1]))));
  const weights = both.every((names) => names.includes('state.json'));
  const tensor = weights ? await firstTensorApart(run.checkpoint(steps[1]), replica.checkpoint(steps[1])) : undefined;
  return {
    lines: lines.compared,
    files: rollouts.compared + evaluations.compared,
    weights,
    apart: [rollouts.apart, evaluations.apart, lines.apart]
      .filter((apart) => apart !== undefined)
      .sort((a, b) => a.step - b.step)
      .concat(tensor === undefined ? [] : [{ step: steps[1], what: `checkpoint: ${tensor}` }]),
  };
}

interface Part {
  compared: number;
  apart: Apart | undefined;
}

function compareLines({ then, now, ends }: Lines, steps: Steps): Part {
  const played = now.filter(({ step }) => isOf(steps, step));
  for (const line of played) {
    const before = then.find(({ step }) => step === line.step);
    const what =
      before === undefined
        ? 'metrics.jsonl has no line of it'
        : lineApart(ends.has(line.step) && !isEvaluated(line) ? unevaluated(before) : before, line);
    if (what !== undefined) return { compared: played.length, apart: { step: line.step, what } };
  }
  return { compared: played.length, apart: undefined };
}

const isFigureOfEvaluation = (name: string) => name.startsWith('eval_');
const isEvaluated = (line: MetricsLine) => Object.keys(line).some(isFigureOfEvaluation);
const unevaluated = (line: MetricsLine) =>
  Object.fromEntries(Object.entries(line).filter(([name]) => !isFigureOfEvaluation(name))) as unknown as MetricsLine;

function lineApart(then: MetricsLine, now: MetricsLine): string | undefined {
  const [before, after] = [then, now].map((line) => line as Record<string, unknown>) as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const name = names.find((each) => !isTiming(each) && before[each] !== after[each]);
  return name === undefined ? undefined : `${name} was ${shown(before[name])} and is ${shown(after[name])}`;
}

const shown = (value: unknown) => (value === undefined ? 'not there' : JSON.stringify(value));

async function compareFiles(then: string, now: string, steps: Steps): Promise<Part> {
  const names = (await namesIn(now)).filter((name) => isOf(steps, stepOf(name) ?? Infinity)).sort();
  const there = new Set(await namesIn(then));
  for (const name of names) {
    const step = stepOf(name)!;
    if (!there.has(name)) return { compared: names.length, apart: { step, what: `${join(then, name)} is gone` } };
    const byte = await firstByteApart(join(then, name), join(now, name));
    if (byte === undefined) continue;
    const row = name.endsWith('.parquet') ? await rowApart(join(then, name), join(now, name)) : undefined;
    return { compared: names.length, apart: { step, what: `${join(then, name)}: ${row ?? `byte ${String(byte)}`}` } };
  }
  return { compared: names.length, apart: undefined };
}

/** The first row of two tables that is otherwise, and the column. */
async function rowApart(then: string, now: string): Promise<string | undefined> {
  const text = (value: unknown) =>
    JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
  const [before, after] = [await readRolloutFile(then), await readRolloutFile(now)];
  for (const [i, row] of after.entries()) {
    const old = before[i];
    if (old === undefined) return `row ${String(i)} was not there`;
    for (const column of Object.keys(row))
      if (text(old[column]) !== text(row[column])) return `row ${String(i)}, ${column}`;
  }
  return before.length > after.length ? `row ${String(after.length)} is not written now` : undefined;
}
