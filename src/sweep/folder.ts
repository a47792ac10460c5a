import { join } from 'node:path';

/** Where things lie in a sweep's folder. */
export const sweepFolder = (dir: string) => ({
  dir,
  /** What the sweep is: {@link SweepRecord}. */
  record: join(dir, 'sweep.json'),
  /** What was decided and what happened, a line each. */
  log: join(dir, 'sweep.log.jsonl'),
  /** Of the process that works on the sweep on this machine. */
  lock: join(dir, 'sweep.lock'),
  /** The config that each run was started with. */
  configs: join(dir, 'configs'),
  config: (run: string) => join(dir, 'configs', `${run}.yaml`),
  runs: join(dir, 'runs'),
  run: (name: string) => join(dir, 'runs', name),
  results: join(dir, 'results'),
});
