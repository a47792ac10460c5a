import type { Rational } from '../rational.js';
import { areProportional, difference, equalValues } from './equal.js';
import { sameCongruence } from './congruence.js';
import { exactValue } from './exact.js';
import type { Formula, RelationSign } from './formula.js';
import { matrixValue, tupleValue } from './matrix.js';
import { piecesOf } from './pieces.js';
import type { Work } from './work.js';

/** Whether two answers say the same; `gold` is the first. False too where the work that is allowed does not decide it. */
export function sameAnswer(gold: Formula, given: Formula, work: Work): boolean {
  return same(bare(gold), bare(given), work);
}

/** A list, set or union of one, and degrees, say what is in them. */
function bare(formula: Formula): Formula {
  if ((formula.kind === 'list' || formula.kind === 'set') && formula.items.length === 1) return bare(formula.items[0]!);
  if (formula.kind === 'degree') return bare(formula.of);
  return tupleValue(formula) ?? formula;
}

function same(a: Formula, b: Formula, work: Work): boolean {
  if (!work.spend(2)) return false;
  if (a.kind === 'congruence' || b.kind === 'congruence') return sameCongruence(a, b, work);
  if (a.kind === 'relation' || b.kind === 'relation') return sameRelation(a, b, work);
  if (a.kind === 'percent' || b.kind === 'percent') return samePercent(a, b, work);
  if (a.kind === 'list' || b.kind === 'list' || a.kind === 'set' || b.kind === 'set') {
    const [x, y] = [membersOf(a), membersOf(b)];
    if (x !== null && y !== null) return sameMembers(a, x, b, y, work);
  }
  if (isRange(a) || isRange(b)) return sameRange(a, b, work);
  if (a.kind === 'tuple' || b.kind === 'tuple') return sameTuple(a, b, work);
  if (a.kind === 'ratio' || b.kind === 'ratio') return sameRatio(a, b, work);
  if (a.kind === 'based' && b.kind === 'based') return a.digits === b.digits && a.base === b.base;
  if (a.kind === 'based' || b.kind === 'based') return false;
  if (a.kind === 'time' && b.kind === 'time') return sameTime(a.parts, b.parts);
  if (a.kind === 'date' && b.kind === 'date')
    return a.parts.every((part, i) => part === b.parts[i] || (i === 0 && (part === null || b.parts[0] === null)));
  if (isHour(a, b) || isHour(b, a)) return true;
  if (
    a.kind === 'text' ||
    b.kind === 'text' ||
    a.kind === 'time' ||
    b.kind === 'time' ||
    a.kind === 'date' ||
    b.kind === 'date'
  )
    return false;
  if (holdsMatrix(a) || holdsMatrix(b)) return sameMatrix(a, b, work);
  if (isInfinite(a) || isInfinite(b))
    return a.kind === b.kind && (a.kind !== 'negative' || b.kind !== 'negative' || same(a.of, b.of, work));
  return equalValues(a, b, work);
}

const isInfinite = (formula: Formula): boolean =>
  formula.kind === 'infinity' || (formula.kind === 'negative' && formula.of.kind === 'infinity');

/** With a percent sign on one side only, the number and its hundredth are right. */
function samePercent(a: Formula, b: Formula, work: Work): boolean {
  if (a.kind === 'percent' && b.kind === 'percent') return same(a.of, b.of, work);
  const [percent, other] = a.kind === 'percent' ? [a, b] : [b, a];
  if (percent.kind !== 'percent') return false;
  return same(percent.of, other, work) || equalValues(percent, other, work);
}

function membersOf(formula: Formula): readonly Formula[] | null {
  if (formula.kind === 'list' || formula.kind === 'set') return formula.items;
  return formula.kind === 'tuple' && formula.open === '(' && formula.close === ')' ? formula.items : null;
}

/**
 * Members in any order; in the given one beside a tuple, where several unknowns are named, and in a bare list of three or more numbers that does not ascend
 * (a sequence: 10, 4, -2).
 */
function sameMembers(a: Formula, x: readonly Formula[], b: Formula, y: readonly Formula[], work: Work): boolean {
  if (a.kind === 'tuple' || b.kind === 'tuple') return a.kind !== 'set' && b.kind !== 'set' && inOrder(x, y, work);
  const [u, v] = [spread(x), spread(y)];
  if (a.kind === 'set' || b.kind === 'set') return anyOrder(distinct(u, work), distinct(v, work), work);
  if (namesOf(u) > 1 || namesOf(v) > 1) return inOrder(u, v, work) || anyOrder(u, v, work, true);
  const free = (a.kind === 'list' && a.free) || (b.kind === 'list' && b.free) || namesOf(u) + namesOf(v) > 0;
  if (!free && u.length > 2 && isSequence(u, work)) return inOrder(u, v, work);
  // Of points, one that is named twice is one.
  const points = u.every(({ kind }) => kind === 'tuple');
  return points ? anyOrder(distinct(u, work), distinct(v, work), work) : anyOrder(u, v, work);
}

/** Members of lists within a list stand by themselves, but not groups that semicolons part. */
function spread(items: readonly Formula[]): readonly Formula[] {
  return items.every(({ kind }) => kind === 'list')
    ? items
    : items.flatMap((item) => (item.kind === 'list' ? item.items : [item]));
}

const namesOf = (items: readonly Formula[]): number =>
  new Set(items.flatMap((item) => (item.kind === 'relation' && item.name !== null ? [item.name] : []))).size;

function isSequence(items: readonly Formula[], work: Work): boolean {
  const values = items.map((item) => exactValue(item, work));
  if (values.some((value) => value === null)) return false;
  return values.some((value, i) => i > 0 && less(value!, values[i - 1]!));
}

const less = (a: Rational, b: Rational): boolean => a.numerator * b.denominator < b.numerator * a.denominator;

function distinct(items: readonly Formula[], work: Work): Formula[] {
  const kept: Formula[] = [];
  for (const item of items) if (!kept.some((other) => sameAnswer(other, item, work))) kept.push(item);
  return kept;
}

function inOrder(a: readonly Formula[], b: readonly Formula[], work: Work): boolean {
  return a.length === b.length && a.every((item, i) => sameAnswer(item, b[i]!, work));
}

function anyOrder(a: readonly Formula[], b: readonly Formula[], work: Work, named = false): boolean {
  if (a.length !== b.length) return false;
  const left = [...b];
  return a.every((item) => {
    const at = left.findIndex(
      (other) => (!named || (isNamed(item) && isNamed(other))) && sameAnswer(item, other, work),
    );
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

const isNamed = (formula: Formula): boolean => formula.kind === 'relation' && formula.name !== null;

const isRange = (formula: Formula): boolean =>
  formula.kind === 'union' || formula.kind === 'difference' || (formula.kind === 'symbol' && formula.name === 'ℝ');

function sameRange(a: Formula, b: Formula, work: Work): boolean {
  const [x, y] = [piecesOf(a, work), piecesOf(b, work)];
  if (y === null || x?.length !== y.length) return false;
  const left = [...y];
  return x.every((piece) => {
    const at = left.findIndex((other) => same(piece, other, work));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function sameTuple(a: Formula, b: Formula, work: Work): boolean {
  const column = a.kind === 'matrix' ? a : b.kind === 'matrix' ? b : null;
  const tuple = a.kind === 'tuple' ? a : b;
  if (tuple.kind !== 'tuple') return false;
  if (column !== null) {
    const flat = column.rows.length === 1 ? column.rows[0]! : column.rows.map((row) => row[0]!);
    return (column.rows.length === 1 || column.rows[0]!.length === 1) && inOrder(tuple.items, flat, work);
  }
  if (a.kind !== 'tuple' || b.kind !== 'tuple' || !inOrder(a.items, b.items, work)) return false;
  // Brackets tell intervals apart, but not at an infinite end, and not vectors of three and more.
  const [low, high] = a.items as [Formula, Formula];
  return a.items.length > 2 || ((a.open === b.open || isInfinite(low)) && (a.close === b.close || isInfinite(high)));
}

/** Part by part; a ratio of two is also the quotient of them, unless it is a time. */
function sameRatio(a: Formula, b: Formula, work: Work): boolean {
  if (a.kind === 'ratio' && b.kind === 'ratio' && inOrder(a.parts, b.parts, work)) return true;
  const [x, y] = [quotientOf(a), quotientOf(b)];
  return x !== null && y !== null && !holdsMatrix(x) && !holdsMatrix(y) && equalValues(x, y, work);
}

function quotientOf(formula: Formula): Formula | null {
  if (formula.kind !== 'ratio') return SCALARS.has(formula.kind) ? formula : null;
  const [above, below] = formula.parts;
  return formula.parts.length === 2 ? { kind: 'quotient', above: above!, below: below! } : null;
}

const SCALARS: ReadonlySet<string> = new Set([
  'number',
  'symbol',
  'constant',
  'sum',
  'product',
  'negative',
  'quotient',
  'power',
  'call',
]);

/** Minutes and seconds of the day; half: 0 in the morning, 1 in the afternoon, null where it is not said. */
function sameTime(a: readonly (number | null)[], b: readonly (number | null)[]): boolean {
  const [[hourA, minuteA, secondA, halfA], [hourB, minuteB, secondB, halfB]] = [a, b] as [number[], number[]];
  if (minuteA !== minuteB || secondA !== secondB) return false;
  if (halfA === null || halfB === null)
    return hourA === hourB || (halfA !== halfB && hourA! % 12 === hourB! % 12 && Math.max(hourA!, hourB!) > 12);
  return hourA! % 12 === hourB! % 12 && halfA === halfB;
}

/** 9 a.m. against 9, which leaves out what is measured. */
function isHour(a: Formula, b: Formula): boolean {
  if (a.kind !== 'time' || b.kind !== 'number' || a.parts[1] !== 0 || a.parts[2] !== 0) return false;
  return b.value.denominator === 1n && b.value.numerator === BigInt(a.parts[0]!);
}

function holdsMatrix(formula: Formula): boolean {
  switch (formula.kind) {
    case 'matrix':
      return true;
    case 'sum':
    case 'product':
      return formula.of.some(holdsMatrix);
    case 'negative':
      return holdsMatrix(formula.of);
    case 'quotient':
      return holdsMatrix(formula.above);
    default:
      return false;
  }
}

function sameMatrix(a: Formula, b: Formula, work: Work): boolean {
  const [x, y] = [matrixValue(a), matrixValue(b)];
  if (x === null || y === null) return false;
  return x.length === y.length && x.every((row, i) => inOrder(row, y[i]!, work));
}

type Relation = Extract<Formula, { kind: 'relation' }>;

function sameRelation(a: Formula, b: Formula, work: Work): boolean {
  if (a.kind !== 'relation' || b.kind !== 'relation') {
    const [relation, other] = a.kind === 'relation' ? [a, b] : [b as Relation, a];
    const value = valueOf(relation);
    if (value !== null) return same(bare(value), other, work);
    return sameRange(a, b, work);
  }
  const [x, y] = [valueOf(a), valueOf(b)];
  if (x !== null && y !== null && a.name === b.name && same(bare(x), bare(y), work)) return true;
  return sameEquation(a, b, work) || (!isEquation(a) && !isEquation(b) && sameRange(a, b, work));
}

const isEquation = ({ signs }: Relation): boolean => signs.every((sign) => sign === '=');

/** What "x = 5" and "x = 2 + 3 = 5" say of x, and the set that x is in. */
function valueOf({ name, sides, signs }: Relation): Formula | null {
  const last = sides.at(-1)!;
  if (signs.every((sign) => sign === '=')) {
    if (name !== null) return last;
    if (signs.length === 1 && last.kind === 'symbol' && exactLike(sides[0]!)) return sides[0]!;
    // 2 + 3 = 5: a sum that was worked out. With unknowns it is an equation.
    return sides.every((side) => exactLike(side))
      ? last
      : signs.length > 1 && sides.at(-2)!.kind === 'symbol'
        ? last
        : null;
  }
  return signs.length === 1 && signs[0] === '∈' && name !== null ? last : null;
}

function exactLike(formula: Formula): boolean {
  return !JSON.stringify(formula, (_, value: unknown) => (typeof value === 'bigint' ? '0' : value)).includes(
    '"kind":"symbol"',
  );
}

const UPWARD: Readonly<Partial<Record<RelationSign, RelationSign>>> = { '<': '>', '≤': '≥' };

/** One relation on each side, the same but for a factor. */
function sameEquation(a: Relation, b: Relation, work: Work): boolean {
  if (a.signs.length !== 1 || b.signs.length !== 1) return false;
  const [x, y] = [upward(a), upward(b)];
  if (x.sign !== y.sign || x.sign === '∈') return false;
  if ([...a.sides, ...b.sides].some((side) => !SCALARS.has(side.kind) || holdsMatrix(side))) return false;
  return areProportional(x.value, y.value, x.sign === '>' || x.sign === '≥', work);
}

function upward({ sides, signs }: Relation): { sign: RelationSign; value: Formula } {
  const [left, right] = sides as [Formula, Formula];
  const turned = UPWARD[signs[0]!];
  return turned === undefined
    ? { sign: signs[0]!, value: difference(left, right) }
    : { sign: turned, value: difference(right, left) };
}
