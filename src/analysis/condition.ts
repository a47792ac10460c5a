import { GlossaError } from '../base/error.js';
import { nearest } from '../base/suggest.js';
import { namesOf, valueOf, type RunOverview } from './overview.js';

/** `grpo.temperature=0.7`, `accuracy>0.5`, `state!=failed`. */
export interface Condition {
  name: string;
  operator: (typeof OPERATORS)[number];
  value: string;
  text: string;
}

// Longer ones first: `>=` is not `>` and then `=`.
const OPERATORS = ['>=', '<=', '!=', '=', '>', '<'] as const;

/** @throws GlossaError USAGE. */
export function parseCondition(text: string): Condition {
  const match = /^\s*([^<>=!\s]+)\s*(>=|<=|!=|=|>|<)\s*(.*?)\s*$/s.exec(text);
  const operator = OPERATORS.find((each) => each === match?.[2]);
  if (!match || operator === undefined || match[3] === '')
    throw new GlossaError('USAGE', `--where ${text}: expected a name, one of ${OPERATORS.join(' ')}, and a value`, {
      hint: "for example --where grpo.temperature=0.7, or --where 'accuracy>0.5'",
    });
  return { name: match[1]!, operator, value: match[3]!, text };
}

/** Whether it holds of a run. Of what the run does not have, or what has no value, only `!=` does, and `=null` of the latter. */
export function holds({ name, operator, value }: Condition, run: RunOverview): boolean {
  const found = valueOf(run, name);
  const order = compareWith(found, value);
  switch (operator) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '>':
      return order !== undefined && order > 0;
    case '<':
      return order !== undefined && order < 0;
    case '>=':
      return order !== undefined && order >= 0;
    case '<=':
      return order !== undefined && order <= 0;
  }
}

/** Below, at or above 0 as the value stands to the text; undefined where neither is before the other. */
function compareWith(found: unknown, text: string): number | undefined {
  if (found === undefined) return undefined;
  if (found === null) return text === 'null' ? 0 : undefined;
  if (typeof found === 'number') {
    const number = Number(text);
    return Number.isNaN(number) ? undefined : found - number;
  }
  if (Array.isArray(found) && found.every((each) => typeof each === 'string'))
    return found.join(',') === text ? 0 : undefined;
  if (typeof found === 'string') return found === text ? 0 : found < text ? -1 : 1;
  return JSON.stringify(found) === text ? 0 : undefined;
}

/**
 * Refuses a name that no run of a list has anything for: it is a slip, and would hold of none.
 *
 * @throws GlossaError USAGE.
 */
export function requireKnown(option: string, name: string, runs: readonly RunOverview[]): void {
  if (runs.length === 0 || runs.some((run) => valueOf(run, name) !== undefined)) return;
  const names = [...new Set(runs.flatMap((run) => [...namesOf(run), ...settingNames(run.config)]))];
  const near = nearest(name, names);
  throw new GlossaError('USAGE', `--${option} ${name}: no run here has a setting or metric of this name`, {
    hint: near === undefined ? 'docs/config.md and docs/metrics.md list the names' : `did you mean ${near}?`,
  });
}

function settingNames(config: unknown, within = ''): string[] {
  if (typeof config !== 'object' || config === null) return [within];
  return Object.entries(config).flatMap(([key, inner]) =>
    settingNames(inner, within === '' ? key : `${within}.${key}`),
  );
}

/** Sorts by what a name says: numbers up, texts by their letters; runs that have nothing come last either way. */
export function sortBy(runs: readonly RunOverview[], name: string, reverse: boolean): RunOverview[] {
  const keyed = runs.map((run) => ({ run, key: keyOf(valueOf(run, name)) }));
  const sign = reverse ? -1 : 1;
  return keyed
    .sort((a, b) => {
      if (a.key === undefined || b.key === undefined) return Number(a.key === undefined) - Number(b.key === undefined);
      if (typeof a.key !== typeof b.key) return typeof a.key === 'number' ? -1 : 1;
      return a.key === b.key ? 0 : sign * (a.key < b.key ? -1 : 1);
    })
    .map(({ run }) => run);
}

function keyOf(value: unknown): number | string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' || typeof value === 'string') return value;
  return Array.isArray(value) ? value.join(',') : JSON.stringify(value);
}
