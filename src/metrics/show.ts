import type { Unit } from './types.js';

/** What stands where there is no value. */
const NONE = '-';

/** What the accuracy by marked answers alone is called in tables. */
export const STRICT_LABEL = 'accuracy, strict';

/**
 * A value as tables and sentences show it, with its unit where the unit is not said beside it: shares in per cent with one
 * decimal, everything else with three significant digits.
 */
export function showValue(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  if (unit === 'share') return `${(100 * value).toFixed(1)} %`;
  if (unit === 'percent') return `${value.toFixed(1)} %`;
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)) return value.toExponential(1);
  return Number(value.toPrecision(3)).toString();
}
