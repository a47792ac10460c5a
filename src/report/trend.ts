import { extremes, known, type KnownPoint, type Point } from '../analysis/index.js';
import { showValue } from '../metrics/index.js';

/** Steps that are named one by one; of more, the first and the last. */
const NAMED = 4;

/**
 * How a share ran, in words, every number with its step: `rose from 12.5 % at step 0 to 40.0 % at step 8, highest 51.0 % at
 * step 4`. It rises or falls only where `differ` says that first and last are apart beyond noise; without `differ` (noise not
 * known) both values stand side by side.
 */
export function trend(points: readonly Point[], differ?: (from: KnownPoint, to: KnownPoint) => boolean): string {
  const values = known(points);
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined) return `without a value at ${steps(points)}`;
  return `${course(values, first, last, differ)}${between(values, first, last)}${gaps(points)}`;
}

const percent = ({ value }: KnownPoint): string => showValue(value, 'share');
const at = (point: KnownPoint): string => `${percent(point)} at step ${String(point.step)}`;

function course(
  values: readonly KnownPoint[],
  first: KnownPoint,
  last: KnownPoint,
  differ: ((from: KnownPoint, to: KnownPoint) => boolean) | undefined,
): string {
  if (values.length === 1) return at(first);
  if (values.every((point) => percent(point) === percent(first)))
    return `${percent(first)} at ${values.length > NAMED ? 'each of ' : ''}${steps(values)}`;
  if (percent(first) === percent(last)) return `${at(first)} and again at step ${String(last.step)}`;
  if (differ === undefined) return `${at(first)}, ${at(last)}`;
  if (!differ(first, last)) return `${at(first)}, ${at(last)} (no difference beyond noise)`;
  return `${last.value > first.value ? 'rose' : 'fell'} from ${at(first)} to ${at(last)}`;
}

/** What lies between, where it goes beyond first and last. */
function between(values: readonly KnownPoint[], first: KnownPoint, last: KnownPoint): string {
  const ends = extremes([first, last])!;
  const { lowest, highest } = extremes(values)!;
  return [
    highest.value > ends.highest.value && percent(highest) !== percent(ends.highest) ? `, highest ${at(highest)}` : '',
    lowest.value < ends.lowest.value && percent(lowest) !== percent(ends.lowest) ? `, lowest ${at(lowest)}` : '',
  ].join('');
}

function gaps(points: readonly Point[]): string {
  const missing = points.filter((point) => point.value === null);
  return missing.length === 0 ? '' : `, no value at ${steps(missing)}`;
}

/** `step 4`, `steps 0, 4 and 8`, `12 steps from 1 to 40`. */
export function steps(points: readonly Point[]): string {
  const named = points.map((point) => String(point.step));
  if (named.length === 0) return 'any step';
  if (named.length === 1) return `step ${named[0]!}`;
  if (named.length > NAMED) return `${String(named.length)} steps from ${named[0]!} to ${named.at(-1)!}`;
  return `steps ${named.slice(0, -1).join(', ')} and ${named.at(-1)!}`;
}
