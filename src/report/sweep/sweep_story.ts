import { settingsOf } from './settings.js';
import type { SweepPage, SweepPageRun } from './types.js';
import { greatest, least } from '../../base/extremes.js';

/** What there is of a sweep, and every run that did not finish, by name. */
export function sweepStory(page: SweepPage): string[] {
  const { runs, baseline } = page;
  const settings = settingsOf(page);
  const seeds = settings.map((setting) => setting.runs.length);
  const range =
    least(seeds) === greatest(seeds) ? String(seeds[0]) : `${String(least(seeds))} to ${String(greatest(seeds))}`;
  const finished = runs.filter(({ state }) => state === 'finished').length;
  return [
    `${counted(runs.length, 'run')}: ${counted(settings.length, 'setting')}, ${range} ${range === '1' ? 'seed' : 'seeds'} each; ${finished === runs.length ? 'all have finished' : `${String(finished)} have finished`}.`,
    ...(baseline === null ? [] : [`Prices are against ${baseline}.`]),
    ...unfinished(runs),
  ];
}

/** Runs of a state that are named one by one. */
const NAMED = 8;

const WORDS: Readonly<Record<string, string>> = {
  failed: 'Ended with an error',
  broken: 'Cannot be read',
  stopped: 'Stopped early, as the sweep asks',
  interrupted: 'Interrupted',
  running: 'Still running',
  waiting: 'Not begun',
};

function unfinished(runs: readonly SweepPageRun[]): string[] {
  return Object.entries(WORDS).flatMap(([state, words]) => {
    const found = runs.filter((run) => run.state === state);
    if (found.length === 0) return [];
    const named = found.slice(0, NAMED).map(withFacts);
    const rest = found.length - named.length;
    return [`${words}: ${named.join(', ')}${rest > 0 ? ` and ${String(rest)} more` : ''}.`];
  });
}

function withFacts({ name, steps, maxSteps, error }: SweepPageRun): string {
  const at = steps === null ? '' : `step ${String(steps)}${maxSteps === null ? '' : ` of ${String(maxSteps)}`}`;
  const facts = [at, error?.split(':')[0] ?? ''].filter((fact) => fact !== '');
  return facts.length === 0 ? name : `${name} (${facts.join(', ')})`;
}

const counted = (n: number, noun: string): string => `${String(n)} ${noun}${n === 1 ? '' : 's'}`;
