import type { Budget } from './budget.js';
import { characters, lengthOf } from './characters.js';
import { failure } from './fault.js';
import { integerOf } from './given.js';
import { Range, sameKind, textOf, Tuple, type Slice, type Value } from './values.js';

/** `sequence[start:stop:step]`, as Python cuts it. */
export function sliced(sequence: Value, slice: Slice, budget: Budget): Value | undefined {
  const text = textOf(sequence);
  if (text !== undefined) return sameKind(sequence, textSlice(text, slice, budget));
  if (Array.isArray(sequence)) return picked(sequence, slice, budget);
  if (sequence instanceof Tuple) return new Tuple(picked(sequence.items, slice, budget));
  if (!(sequence instanceof Range)) return undefined;
  const { start, stop, step } = places(slice, sequence.length);
  const value = (index: number) => sequence.start + index * sequence.step;
  return new Range(value(start), value(stop), sequence.step * step);
}

function textSlice(text: string, slice: Slice, budget: Budget): string {
  const { start, stop, step } = places(slice, lengthOf(text));
  budget.text(text.length);
  const all = characters(text);
  if (step === 1)
    return all.length === text.length
      ? text.slice(start, Math.max(start, stop))
      : all.slice(start, Math.max(start, stop)).join('');
  return pick(all, start, stop, step).join('');
}

function picked(items: readonly Value[], slice: Slice, budget: Budget): Value[] {
  const { start, stop, step } = places(slice, items.length);
  const all = pick(items, start, stop, step);
  budget.spend(all.length);
  return all;
}

function pick<T>(items: readonly T[], start: number, stop: number, step: number): T[] {
  const all: T[] = [];
  for (let i = start; step > 0 ? i < stop : i > stop; i += step) all.push(items[i]!);
  return all;
}

/** Where a slice begins, ends and how it goes on, within a length. */
function places(slice: Slice, length: number): { start: number; stop: number; step: number } {
  const step = slice.step === null ? 1 : integerOf(slice.step);
  if (step === 0) throw failure('slice step cannot be zero');
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const bound = (value: Value, missing: number) => {
    if (value === null) return missing;
    const index = integerOf(value);
    return Math.min(high, Math.max(low, index < 0 ? index + length : index));
  };
  return {
    start: bound(slice.start, step > 0 ? low : high),
    stop: bound(slice.stop, step > 0 ? high : low),
    step,
  };
}
