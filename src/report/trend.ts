import { extremes, known, type KnownPoint, type Point } from '../analysis/index.js';
import { showValue, type Unit } from '../metrics/index.js';

/** Steps that are named one by one; of more, the first and the last. */
const NAMED = 4;

/**
 * How a measure ran, in words, every number with its step: `rose from 12.5 % at step 0 to 40.0 % at step 8, highest 51.0 % at
 * step 4`. It rises or falls only where `differ` says that first and last are apart beyond noise; without `differ` (noise not
 * known) both values stand side by side.
 */
export function trend(
  points: readonly Point[],
  differ?: (from: KnownPoint, to: KnownPoint) => boolean,
  unit: Unit = 'share',
): string {
  const show = ({ value }: KnownPoint): string => showValue(value, unit);
  const values = known(points);
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined) return `without a value at ${steps(points)}`;
  return `${course(values, { first, last, differ, show })}${between(values, { first, last, show })}${gaps(points)}`;
}

type Show = (point: KnownPoint) => string;

const at = (point: KnownPoint, show: Show): string => `${show(point)} at step ${String(point.step)}`;

function course(
  values: readonly KnownPoint[],
  {
    first,
    last,
    differ,
    show,
  }: {
    first: KnownPoint;
    last: KnownPoint;
    differ: ((from: KnownPoint, to: KnownPoint) => boolean) | undefined;
    show: Show;
  },
): string {
  if (values.length === 1) return at(first, show);
  if (values.every((point) => show(point) === show(first)))
    return `${show(first)} at ${values.length > NAMED ? 'each of ' : ''}${steps(values)}`;
  if (show(first) === show(last)) return `${at(first, show)} and again at step ${String(last.step)}`;
  if (differ === undefined) return `${at(first, show)}, ${at(last, show)}`;
  if (!differ(first, last)) return `${at(first, show)}, ${at(last, show)} (no difference beyond noise)`;
  return `${last.value > first.value ? 'rose' : 'fell'} from ${at(first, show)} to ${at(last, show)}`;
}

/** What lies between, where it goes beyond first and last. */
function between(
  values: readonly KnownPoint[],
  { first, last, show }: { first: KnownPoint; last: KnownPoint; show: Show },
): string {
  const ends = extremes([first, last])!;
  const { lowest, highest } = extremes(values)!;
  return [
    highest.value > ends.highest.value && show(highest) !== show(ends.highest) ? `, highest ${at(highest, show)}` : '',
    lowest.value < ends.lowest.value && show(lowest) !== show(ends.lowest) ? `, lowest ${at(lowest, show)}` : '',
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
