import { negative, type Formula, type RelationSign } from './formula.js';
import { numericValue } from './numeric.js';
import type { Work } from './work.js';

/** A stretch of the real line, or a set of points of it. */
export type Piece = Extract<Formula, { kind: 'tuple' | 'set' }>;

const FOREVER: Formula = { kind: 'infinity' };
const LINE = { low: negative(FOREVER), high: FOREVER };

/**
 * A set of real numbers as intervals and sets of points: of an interval, a union of some, an inequality of one unknown ("x > 3", "-2 ≤ x ≤
 * 7", several joined by "or"), the real numbers without a few. Null of what is none of these.
 */
export function piecesOf(formula: Formula, work: Work): Piece[] | null {
  switch (formula.kind) {
    case 'tuple':
      return formula.items.length === 2 ? [formula] : null;
    case 'set':
      return [formula];
    case 'union':
      return joined(formula.parts, work);
    case 'list':
      return formula.items.every(({ kind }) => kind === 'relation') && formula.items.length > 1
        ? joined(formula.items, work)
        : null;
    case 'difference':
      return isLine(formula.from, work) ? without(formula.without, work) : null;
    case 'relation':
      return solved(formula, work);
    case 'symbol':
      return formula.name === 'R' || formula.name === 'ℝ' ? [interval('(', LINE.low, LINE.high, ')')] : null;
    default:
      return null;
  }
}

function joined(parts: readonly Formula[], work: Work): Piece[] | null {
  const all: Piece[] = [];
  for (const part of parts) {
    const pieces = piecesOf(part, work);
    if (pieces === null) return null;
    all.push(...pieces);
  }
  return all;
}

const interval = (open: '(' | '[', low: Formula, high: Formula, close: ')' | ']'): Piece => ({
  kind: 'tuple',
  open,
  close,
  items: [low, high],
});

function isLine(formula: Formula, work: Work): boolean {
  const [piece, more] = piecesOf(formula, work) ?? [];
  if (piece?.kind !== 'tuple' || more !== undefined) return false;
  const [low, high] = piece.items as [Formula, Formula];
  return low.kind === 'negative' && low.of.kind === 'infinity' && high.kind === 'infinity';
}

/** The line without some points. */
function without(points: Formula, work: Work): Piece[] | null {
  if (points.kind !== 'set') return null;
  const places: { point: Formula; at: number }[] = [];
  for (const point of points.items) {
    const value = numericValue(point, 0, work);
    if (value === null || value.free || value.im !== 0) return null;
    places.push({ point, at: value.re });
  }
  places.sort((a, b) => a.at - b.at);
  const ends = [LINE.low, ...places.map(({ point }) => point), LINE.high];
  return ends.slice(1).map((high, i) => interval('(', ends[i]!, high, ')'));
}

type Relation = Extract<Formula, { kind: 'relation' }>;
const TURNED: Readonly<Partial<Record<RelationSign, RelationSign>>> = {
  '<': '>',
  '≤': '≥',
  '>': '<',
  '≥': '≤',
  '≠': '≠',
};

function solved({ sides, signs }: Relation, work: Work): Piece[] | null {
  const [first, second, third] = sides as [Formula, Formula, Formula?];
  const [sign, next] = signs as [RelationSign, RelationSign?];
  if (third !== undefined) {
    if (next === undefined || sides.length > 3) return null;
    if (second.kind === 'call' && second.name === 'abs' && isUnknown(second.of))
      return mirrored(first, sign, next, third);
    if (!isUnknown(second)) return null;
    const rising = (sign === '<' || sign === '≤') && (next === '<' || next === '≤');
    const falling = (sign === '>' || sign === '≥') && (next === '>' || next === '≥');
    if (rising) return [interval(sign === '<' ? '(' : '[', first, third, next === '<' ? ')' : ']')];
    return falling ? [interval(next === '>' ? '(' : '[', third, first, sign === '>' ? ')' : ']')] : null;
  }
  if (sign === '∈') return isUnknown(first) ? piecesOf(second, work) : null;
  const left = isUnknown(first);
  if (!left && !isUnknown(second)) return null;
  const [value, meant] = left ? [second, sign] : [first, TURNED[sign]];
  if (meant === '<' || meant === '≤') return [interval('(', LINE.low, value, meant === '<' ? ')' : ']')];
  if (meant === '>' || meant === '≥') return [interval(meant === '>' ? '(' : '[', value, LINE.high, ')')];
  return meant === '≠' ? without({ kind: 'set', items: [value] }, work) : null;
}

/** a < |x| < b: on either side of zero. */
function mirrored(low: Formula, sign: RelationSign, next: RelationSign, high: Formula): Piece[] | null {
  if ((sign !== '<' && sign !== '≤') || (next !== '<' && next !== '≤')) return null;
  const [open, shut] = [sign === '≤', next === '≤'];
  return [
    interval(shut ? '[' : '(', negative(high), negative(low), open ? ']' : ')'),
    interval(open ? '[' : '(', low, high, shut ? ']' : ')'),
  ];
}

/** x, or f(x). */
function isUnknown(formula: Formula): boolean {
  if (formula.kind === 'symbol') return true;
  return formula.kind === 'product' && formula.of.length === 2 && formula.of.every(({ kind }) => kind === 'symbol');
}
