import { failure } from './fault.js';
import type { Value } from './values.js';

/** What Python takes for a number: truth values are 0 and 1. */
export type Numeric = boolean | bigint | number;

export function isNumeric(value: Value): value is Numeric {
  return typeof value === 'boolean' || typeof value === 'bigint' || typeof value === 'number';
}

export function numberOf(value: Numeric): bigint | number {
  return typeof value === 'boolean' ? BigInt(value) : value;
}

export function toFloat(value: bigint | number): number {
  if (typeof value === 'number') return value;
  const float = Number(value);
  if (!Number.isFinite(float)) throw failure('int too large to convert to float');
  return float;
}

/** A whole number without its sign. */
export const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
