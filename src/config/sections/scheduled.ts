import { z } from 'zod';
import { isPoints, type Schedule } from '../../base/schedule.js';
import { MOST_STEPS } from './numbers.js';

const steps = z.int().min(0).max(MOST_STEPS).meta({ unit: 'steps' });

/** A number, or a schedule of it over the steps. */
export function scheduled(value: z.ZodNumber) {
  const ramp = z.strictObject({
    schedule: z
      .enum(['linear', 'cosine', 'power'])
      .default('linear')
      .describe('How the value goes from `from` to `to`.'),
    from: value.describe('Up to `begin` steps.'),
    to: value.describe('From `end` steps on.'),
    begin: steps.default(0).describe('Steps made when it begins to change.'),
    end: steps.describe('Steps made when it has changed.'),
    power: z.number().positive().max(100).default(2).meta({ unit: 'factor' }).describe('Of schedule power.'),
  });
  const points = z
    .array(z.tuple([steps, value]).meta({ title: '`[steps, value]`' }))
    .min(1)
    .max(1000);
  return z.union([value, ramp, points], {
    error: 'expected a number, {from, to, end} (with schedule, begin, power) or points: [[steps, value], ...]',
  });
}

/** What is wrong with a schedule that the schema lets through. */
export function scheduleFault(value: number | Schedule): string | undefined {
  if (typeof value === 'number') return undefined;
  if (isPoints(value)) {
    const odd = value.findIndex(([step], i) => i > 0 && step < value[i - 1]![0]);
    return odd === -1 ? undefined : `points must be of ascending steps; ${String(value[odd]![0])} is not`;
  }
  if (value.begin > value.end) return `begins at ${String(value.begin)} and ends at ${String(value.end)}, before that`;
  return undefined;
}
