import { nearest } from '../base/suggest.js';
import { GlossaError } from '../base/error.js';
import { lossTable, type LossRow } from '../engine/index.js';
import type { Config } from './schema.js';
import type { Finding } from './findings.js';
import { lossShape } from './sections/loss.js';

/** What others call a loss, and how it is asked for here. */
const OTHER_NAMES: Record<string, string> = {
  gspo: 'loss_type grpo with importance_sampling_level sequence',
  ppo: 'loss_type dapo or grpo',
  reinforce: 'loss_type dr_grpo with scale_rewards none',
};

/** Settings of the loss that do not fit together, by the engine's own table. */
export function checkLoss({ grpo }: Config): Finding[] {
  const table = rows();
  if (!table) return [];
  const loss = table.find(({ name }) => name === grpo.loss_type);
  if (!loss) return [unknownLoss(grpo.loss_type, table)];
  const findings: Finding[] = [];
  const at = (key: string, message: string) =>
    findings.push({ code: 'CONFIG_IMPOSSIBLE', path: ['grpo', key], message });
  for (const key of new Set(table.flatMap(({ reads }) => reads))) {
    if (loss.reads.includes(key) || isDefault(grpo, key)) continue;
    const readers = table.filter(({ reads }) => reads.includes(key)).map(({ name }) => name);
    at(key, `${loss.name} does not read it; it is for ${readers.join(', ')}`);
  }
  if (loss.needs !== null && isDefault(grpo, loss.needs))
    at(loss.needs, `must be given: ${loss.name} has no default for it`);
  const high = 1 + (grpo.epsilon_high ?? grpo.epsilon);
  if (grpo.delta !== null && grpo.delta <= high)
    at('delta', `${String(grpo.delta)} is within the clip range, which ends at ${String(high)}`);
  if (grpo.beta === 0) {
    for (const key of ['kl_estimator', 'use_bias_correction_kl'])
      if (!isDefault(grpo, key)) at(key, 'there is no KL where beta is 0');
  }
  return findings;
}

/** Undefined where there is no engine: whatever needs it will say so. */
function rows(): readonly LossRow[] | undefined {
  try {
    return lossTable();
  } catch (error) {
    if (error instanceof GlossaError && error.code === 'NATIVE_NOT_FOUND') return undefined;
    throw error;
  }
}

function isDefault(grpo: Config['grpo'], key: string): boolean {
  const setting = key as keyof typeof lossShape;
  return grpo[setting] === lossShape[setting].parse(undefined);
}

function unknownLoss(given: string, table: readonly LossRow[]): Finding {
  const names = table.map(({ name }) => name);
  const other = OTHER_NAMES[given.toLowerCase()];
  const near = nearest(given, names);
  const advice = other !== undefined ? `; that is ${other}` : near !== undefined ? `; did you mean ${near}?` : '';
  return {
    code: 'CONFIG_LOSS_TYPE',
    path: ['grpo', 'loss_type'],
    message: `no loss is called ${given}${advice} (${names.join(', ')})`,
  };
}
