import { GlossaError } from '../base/error.js';
import { applyOverride, checkRaw, isSetting, loadConfig, parseOverride, type ResolvedConfig } from '../config/index.js';
import { configDifferences, isUnder, type Difference, type RunRecord } from '../run/index.js';
import { locateInputs } from '../inputs/index.js';
import type { Change } from '../trainer/index.js';

/** Settings that a resumed run may change: those that say when to stop, save and look, and how to step. */
const RESUMABLE = [
  'threads',
  'kv_cache_gb',
  'recompute',
  'checkpoint',
  'eval',
  'rollouts',
  'stop',
  'optimizer',
  'grpo.max_steps',
  'grpo.max_grader_errors',
  'grpo.max_zero_reward_steps',
  'sft.max_steps',
];
/** Settings that a run has for good: what was computed so far rests on them. */
const FIXED = [
  'seed',
  'model',
  'run',
  'grpo.steps_per_generation',
  'grpo.num_iterations',
  'sft.num_train_epochs',
  'sft.batch_size',
];

/**
 * The config that a run goes on with: its own, changed by `--set`, and by a config file that is given beside `--resume` where
 * that differs from what the run was started with and the differences are accepted.
 *
 * @throws GlossaError CONFIG_RESUME for a setting that cannot be changed, and as `loadConfig` does.
 */
export function changeOf(
  path: string | undefined,
  sets: readonly string[],
  { acceptChanges }: { acceptChanges: boolean },
): (config: ResolvedConfig, record: RunRecord) => Promise<Change> {
  return async (own, record) => {
    const differences: Difference[] = [];
    let base = own;
    if (path !== undefined) {
      const { config, changed } = await fromFile(path, own, record);
      differences.push(...changed.map((one) => ({ ...one, what: `${path}: ${one.what}` })));
      const fixed = changed.find(({ what }) => isUnder(what, FIXED));
      if (fixed) throw refused(`${path}: ${fixed.what}`, fixed.what);
      if (acceptChanges) base = config;
    }
    const overrides = sets.map(parseOverride);
    const raw = structuredClone(base) as unknown as Record<string, unknown>;
    for (const override of overrides) {
      const name = override.path.join('.');
      if (isUnder(name, FIXED) || (!acceptChanges && !isUnder(name, RESUMABLE)))
        throw refused(`--set ${override.text}`, name);
      applyOverride(raw, override);
    }
    const config = checkRaw(raw, { path: `${own.run.name}.yaml`, overrides });
    differences.push(
      ...configDifferences({ written: record.config, read: base }, config).filter(
        ({ what }) => !isUnder(what, RESUMABLE),
      ),
    );
    return { config, set: [...sets], differences };
  };
}

/** What a config file says now, and in what it differs from the run's; overrides that the run was given count in both. */
async function fromFile(
  path: string,
  own: ResolvedConfig,
  { config: written, asked, resumed }: RunRecord,
): Promise<{ config: ResolvedConfig; changed: Difference[] }> {
  const earlier = [...(asked?.set ?? []), ...resumed.flatMap(({ set }) => set)];
  // Of a setting that is no longer, what the run's own config had is told already.
  const before = earlier.filter((text) => isSetting(parseOverride(text)));
  const loaded = await locateInputs(await loadConfig(path, before), () => undefined);
  const { dir, name } = own.run;
  const config = {
    ...loaded,
    // Of epochs, the run has counted them.
    ...(loaded.sft && { sft: { ...loaded.sft, max_steps: loaded.sft.max_steps ?? own.sft?.max_steps } }),
    run: { dir, name },
    model: { ...loaded.model, cache: own.model.cache },
  };
  const overridden = before.map((text) => parseOverride(text).path.join('.'));
  const changed = configDifferences({ written, read: own }, config).filter(({ what }) => !isUnder(what, overridden));
  return { config, changed };
}

function refused(place: string, name: string): GlossaError {
  const fixed = isUnder(name, FIXED);
  return new GlossaError('CONFIG_RESUME', `${place}: a resumed run cannot change ${name}`, {
    hint: fixed
      ? `what the run has computed so far rests on it; start a new run`
      : `it can change ${RESUMABLE.join(', ')}; more with --accept-changes, which run.json will note; or start a new run`,
  });
}
