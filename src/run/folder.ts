import { join } from 'node:path';

/** Where things lie in a run's folder. Step numbers have six digits, so that names sort as the steps do. */
export const runFolder = (dir: string) => ({
  dir,
  record: join(dir, 'run.json'),
  /** What run.json said when glossa last wrote it. */
  recordCopy: join(dir, '.run.json'),
  metrics: join(dir, 'metrics.jsonl'),
  /** What the run came to, once it has ended. */
  summary: join(dir, 'summary.json'),
  /** Where its time went, where it was asked for. */
  profile: join(dir, 'profile.json'),
  lock: join(dir, 'run.lock'),
  rollouts: join(dir, 'rollouts'),
  rollout: (step: number) => join(dir, 'rollouts', `${stepName(step)}.parquet`),
  checkpoints: join(dir, 'checkpoints'),
  checkpoint: (step: number) => join(dir, 'checkpoints', stepName(step)),
  evaluations: join(dir, 'eval'),
  evaluation: (step: number, suite: string) => join(dir, 'eval', `${stepName(step)}-${suite}.json`),
  evaluationRows: (step: number, suite: string) => join(dir, 'eval', `${stepName(step)}-${suite}.parquet`),
  /** The model at the start, kept where the loss needs it as its reference (beta above 0). */
  reference: join(dir, 'reference'),
  /** The model at the start of a run that trains adapters beside random weights, which lie nowhere else. */
  base: join(dir, 'base'),
  /** What the reference has become since, where it moves. */
  references: join(dir, 'references'),
  referenceAfter: (step: number) => join(dir, 'references', stepName(step)),
  /** The weights of a finished run alone, in the type the model came in. */
  final: join(dir, 'final'),
  report: join(dir, 'report.html'),
  reportFigures: join(dir, 'report-figures'),
  /** A run that will take the place of the one in the folder, until its first checkpoint is whole. */
  next: join(dir, '.next'),
  /** The same from then on, until it lies in the folder itself. */
  arriving: join(dir, '.arriving'),
});

export type RunFolder = ReturnType<typeof runFolder>;

export const stepName = (step: number): string => String(step).padStart(6, '0');

/** The step that a file or folder name begins with, or undefined. */
export function stepOf(name: string): number | undefined {
  const match = /^(\d{6,})(?:$|[-.])/.exec(name);
  return match ? Number(match[1]) : undefined;
}
