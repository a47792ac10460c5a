import { GlossaError } from '../base/error.js';
import { greatest } from '../base/extremes.js';
import { optimizerSteps, type ResolvedConfig } from '../config/index.js';
import { ConfigCheck } from './config.js';
import { expand } from './expand.js';
import { invalid, placeIn, type SweepFile } from './file.js';
import { nameRuns } from './names.js';
import type { SweepRun } from './record.js';

/** A run that a sweep file asks for; its folder and index are not known yet. */
export interface WantedRun extends Omit<SweepRun, 'index' | 'dir'> {
  config: ResolvedConfig;
}

/** Faults that are told; a thousand runs have few causes. */
const MOST_TOLD = 10;

/**
 * Every run of a sweep file with its config, all checked.
 *
 * @throws GlossaError SWEEP_INVALID, and of the runs whose config is refused what `loadConfig` says, each cause once, with line and
 *   axis.
 */
export function wantedRuns(file: SweepFile): WantedRun[] {
  const expansion = expand(file);
  const names = nameRuns(expansion);
  const check = new ConfigCheck(file);
  const faults = new Map<string, { error: GlossaError; first: string; runs: number }>();
  const runs = expansion.combinations.flatMap((combination, i): WantedRun[] => {
    const name = names[i]!;
    try {
      const settings = check.settings(combination);
      const config = check.config({ name, combination, settings });
      const { arm = null, values } = combination;
      return [{ name, arm, seed: config.seed, values, settings, config }];
    } catch (error) {
      if (!(error instanceof GlossaError)) throw error;
      const known = faults.get(error.message);
      if (known) known.runs++;
      else faults.set(error.message, { error, first: name, runs: 1 });
      return [];
    }
  });
  if (faults.size > 0) throw refusal([...faults.values()], names.length);
  // The steps of epochs are known once their examples are counted.
  const longest = greatest(runs.map(({ config }) => optimizerSteps(config) ?? Infinity));
  const late = file.spec.halving?.at.findIndex((step) => step >= longest) ?? -1;
  if (late >= 0)
    throw invalid(
      `${placeIn(file, ['halving', 'at', late])}: halving.at: no run goes on after step ${String(file.spec.halving!.at[late])}`,
      'arms are compared before their last step; grpo.max_steps (of sft, sft.max_steps) says which that is',
    );
  return runs;
}

function refusal(faults: readonly { error: GlossaError; first: string; runs: number }[], total: number): GlossaError {
  const told = faults.slice(0, MOST_TOLD).map(({ error, first, runs }) => {
    const whom =
      total === 1
        ? ''
        : runs === total
          ? ' (all runs)'
          : runs === 1
            ? ` (run ${first})`
            : ` (${String(runs)} runs, the first is ${first})`;
    return `${error.message}${whom}`;
  });
  if (faults.length > MOST_TOLD) told.push(`and ${String(faults.length - MOST_TOLD)} more`);
  const { error } = faults[0]!;
  return new GlossaError(error.code, told.join('\n'), { ...(error.hint !== undefined && { hint: error.hint }) });
}
