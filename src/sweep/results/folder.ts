import { join } from 'node:path';
import { sweepFolder } from '../folder.js';

/** Where the results of a sweep lie. */
export const resultsFolder = (sweepDir: string) => {
  const { results } = sweepFolder(sweepDir);
  return {
    dir: results,
    parquet: join(results, 'runs.parquet'),
    csv: join(results, 'runs.csv'),
    steps: join(results, 'steps'),
    stepsOf: (run: string) => join(results, 'steps', `${run}.parquet`),
    /** The rows of runs.parquet, and of which state of the runs' folders they are. */
    known: join(results, '.rows.json'),
    lock: join(results, 'results.lock'),
  };
};

export type ResultsFolder = ReturnType<typeof resultsFolder>;
