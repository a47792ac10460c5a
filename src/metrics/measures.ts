import { ADVANTAGE_MEASURES } from './advantage.js';
import { COMPLETION_MEASURES } from './completion.js';
import { LANGUAGE_MEASURES } from './language.js';
import { MACHINE_MEASURES } from './machine.js';
import { OPTIMIZATION_MEASURES } from './optimization.js';
import { REWARD_MEASURES } from './reward.js';
import type { Measure } from './types.js';

/** Every measure once, in the order of docs/metrics.md. */
export const MEASURES: readonly Measure[] = [
  ...OPTIMIZATION_MEASURES,
  ...REWARD_MEASURES,
  ...COMPLETION_MEASURES,
  ...LANGUAGE_MEASURES,
  ...ADVANTAGE_MEASURES,
  ...MACHINE_MEASURES,
];
