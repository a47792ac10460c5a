import type { ResolvedConfig } from '../config/index.js';
import type { MemoryPlan } from '../engine/types.js';

/** Settings as a config writes them, each of which makes a run fit by itself, or all together. */
export interface Fit {
  settings: string[];
  together: boolean;
}

const ROWS = 64;
const TENTH = 1e8;

/**
 * The least change of settings with which a run fits: the greatest micro-batch, the most room for keys and values, the narrower
 * type, whole layers made again; where none is enough alone, all of them; then also shorter completions. Undefined: the model itself is too large.
 *
 * @param plan of a config; what it throws counts as a plan that does not fit.
 */
export function settingsThatFit(
  config: ResolvedConfig,
  plan: (changed: ResolvedConfig) => MemoryPlan,
  fits: (plan: MemoryPlan) => boolean,
): Fit | undefined {
  const holds = (changed: ResolvedConfig): boolean => {
    try {
      return fits(plan(changed));
    } catch {
      return false;
    }
  };
  const now = plan(config);
  const most = { rows: Math.ceil(now.microBatchRows / ROWS), tenths: Math.ceil(keysAndValues(now) / TENTH) };
  const microBatch = (base: ResolvedConfig, from = most.rows) => greatest(from, (n) => holds(withRows(base, n * ROWS)));
  const cache = (base: ResolvedConfig) => greatest(most.tenths, (n) => holds(withCache(base, n / 10)));
  const narrow: ResolvedConfig = { ...config, dtype: 'bfloat16' };
  const again = (base: ResolvedConfig): ResolvedConfig => ({ ...base, recompute: 'full' });

  const [rows, tenths] = [microBatch(config), cache(config)];
  const alone = [
    ...(rows === undefined ? [] : [rowsText(rows * ROWS)]),
    ...(tenths === undefined ? [] : [cacheText(tenths / 10)]),
    ...(config.dtype === 'float32' && holds(narrow) ? ['dtype: bfloat16'] : []),
    ...(config.recompute !== 'full' && holds(again(config)) ? ['recompute: full'] : []),
  ];
  if (alone.length > 0) return { settings: alone, together: false };

  const all = (base: ResolvedConfig): string[] | undefined => {
    const smallest = withRows(base, ROWS);
    if (holds(smallest)) return [rowsText(microBatch(base)! * ROWS)];
    const room = cache(smallest);
    if (room === undefined) return undefined;
    return [rowsText((microBatch(withCache(base, room / 10)) ?? 1) * ROWS), cacheText(room / 10)];
  };
  const typed = config.dtype === 'float32' ? ['dtype: bfloat16'] : [];
  const settings = all(narrow);
  if (settings) return { settings: [...typed, ...settings], together: true };
  const repeated = config.recompute === 'full' ? undefined : all(again(narrow));
  if (repeated) return { settings: [...typed, 'recompute: full', ...repeated], together: true };
  const length = config.grpo.max_completion_length;
  const shorter = greatest(length - 1, (n) => all(withLength(narrow, n)) !== undefined);
  if (shorter === undefined) return undefined;
  return {
    settings: [...typed, `grpo.max_completion_length: ${String(shorter)}`, ...all(withLength(narrow, shorter))!],
    together: true,
  };
}

/** In a sentence. */
export function fitText(fit: Fit | undefined): string {
  if (fit === undefined)
    return 'no other setting makes it fit: lora, model.trainable with fewer tensors, or a smaller model may';
  const list = fit.settings.join(', ');
  if (fit.settings.length === 1) return `with ${list} it fits`;
  return fit.together ? `with ${list} together it fits` : `with any one of these it fits: ${list}`;
}

/** The plan's largest terms, with their sizes. */
export function largestTerms({ terms }: MemoryPlan): string {
  return terms
    .filter(({ ofHost }) => !ofHost)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 4)
    .map(({ name, bytes }) => `${name} ${(bytes / 1e9).toFixed(1)} GB`)
    .join(', ');
}

function keysAndValues({ terms }: MemoryPlan): number {
  return terms.find(({ name }) => name === 'sampling: keys and values')?.bytes ?? 0;
}

/** The greatest whole number from 1 to `most` that holds, where what holds of one holds of every smaller one. */
function greatest(most: number, holds: (n: number) => boolean): number | undefined {
  if (most < 1 || !holds(1)) return undefined;
  let [good, bad] = [1, most + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (holds(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

const withRows = (config: ResolvedConfig, rows: number): ResolvedConfig => ({
  ...config,
  optimizer: { ...config.optimizer, micro_batch_tokens: rows },
});
const withCache = (config: ResolvedConfig, gb: number): ResolvedConfig => ({ ...config, kv_cache_gb: gb });
const withLength = (config: ResolvedConfig, length: number): ResolvedConfig => ({
  ...config,
  grpo: { ...config.grpo, max_completion_length: length },
});
const rowsText = (rows: number): string => `optimizer.micro_batch_tokens: ${String(rows)}`;
const cacheText = (gb: number): string => `kv_cache_gb: ${String(gb)}`;
