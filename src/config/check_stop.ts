import { findMeasure } from '../metrics/index.js';
import { impossible, type Finding } from './findings.js';
import type { ConfigPath } from './locate.js';
import type { Config } from './schema.js';
import { suiteName } from './suites.js';

/** Stop conditions and the best checkpoint: whether there is such a metric, and whether it says something. */
export function checkStop({ stop, checkpoint, eval: evaluation, data, grpo }: Config): Finding[] {
  const findings: Finding[] = [];
  const at = (path: ConfigPath, message: string) => findings.push(impossible(path, message));
  const suites = data.eval.map(suiteName);
  const cycle = grpo.steps_per_generation * grpo.num_iterations;
  const check = (path: ConfigPath, metric: string) => {
    const found = findMeasure(metric);
    if (!found) return at(path, `metrics.jsonl has nothing of the name ${metric} (docs/metrics.md)`);
    if (found.suite === undefined) return;
    if (!suites.includes(found.suite)) at(path, `data.eval has no suite ${found.suite}`);
    else if (evaluation.every === 0) at(path, 'the suite is evaluated at the start and the end only; set eval.every');
    else if (evaluation.every % cycle !== 0)
      at(
        ['eval', 'every'],
        `${String(evaluation.every)} is not a multiple of steps_per_generation x num_iterations = ${String(cycle)}, between which a run is saved and stopped`,
      );
  };
  if (stop.metric !== undefined) check(['stop', 'metric'], stop.metric);
  for (const key of ['at_least', 'at_most', 'patience'] as const)
    if (stop[key] !== undefined && stop.metric === undefined) at(['stop', key], 'needs stop.metric');
  if (
    stop.metric !== undefined &&
    stop.at_least === undefined &&
    stop.at_most === undefined &&
    stop.patience === undefined
  )
    at(['stop', 'metric'], 'needs one of at_least, at_most and patience');
  if (checkpoint.best?.load_at_end && checkpoint.save_only_model)
    at(['checkpoint', 'best', 'load_at_end'], 'a checkpoint with save_only_model cannot be loaded back');
  if (checkpoint.best) check(['checkpoint', 'best', 'metric'], checkpoint.best.metric);
  return findings;
}
