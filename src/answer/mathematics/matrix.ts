import { negative, type Formula } from './formula.js';

type Rows = readonly (readonly Formula[])[];
/** Rows and columns of a product that is worked out. */
const LARGEST = 8;

/** The entries of a matrix, of a tuple as a row, of a sum or product of some, of a multiple of one; null of any other expression. */
export function matrixValue(formula: Formula): Rows | null {
  switch (formula.kind) {
    case 'matrix':
      return formula.rows;
    case 'tuple':
      return formula.open === '(' && formula.close === ')' ? [formula.items] : null;
    case 'negative': {
      const rows = matrixValue(formula.of);
      return rows === null ? null : rows.map((row) => row.map(negative));
    }
    case 'sum':
      return formula.of.map(matrixValue).reduce((a, b) => (a === null || b === null ? null : added(a, b)));
    case 'quotient': {
      const rows = matrixValue(formula.above);
      return rows === null
        ? null
        : rows.map((row) => row.map((above) => ({ kind: 'quotient', above, below: formula.below })));
    }
    case 'product':
      return productOf(formula.of);
    default:
      return null;
  }
}

function added(a: Rows, b: Rows): Rows | null {
  if (a.length !== b.length || a[0]!.length !== b[0]!.length) return null;
  return a.map((row, i) => row.map((entry, j) => ({ kind: 'sum', of: [entry, b[i]![j]!] })));
}

function productOf(factors: readonly Formula[]): Rows | null {
  let total: Rows | null = null;
  const scalars: Formula[] = [];
  for (const factor of factors) {
    const rows = matrixValue(factor);
    if (rows === null) scalars.push(factor);
    else total = total === null ? rows : multiplied(total, rows);
    if (rows !== null && total === null) return null;
  }
  if (total === null || scalars.length === 0) return total;
  return total.map((row) => row.map((entry) => ({ kind: 'product', of: [...scalars, entry] })));
}

function multiplied(a: Rows, b: Rows): Rows | null {
  if (a[0]!.length !== b.length || Math.max(a.length, b.length, b[0]!.length) > LARGEST) return null;
  return a.map((row) =>
    b[0]!.map((_, j) => ({ kind: 'sum', of: row.map((entry, k) => ({ kind: 'product', of: [entry, b[k]![j]!] })) })),
  );
}

/** A sum or multiple of tuples worked out, 2(1, 2) as (2, 4); null of anything else. */
export function tupleValue(formula: Formula): Formula | null {
  if (!['sum', 'product', 'negative', 'quotient'].includes(formula.kind) || !holdsTuple(formula)) return null;
  const rows = matrixValue(formula);
  return rows?.length === 1 ? { kind: 'tuple', open: '(', close: ')', items: rows[0]! } : null;
}

function holdsTuple(formula: Formula): boolean {
  switch (formula.kind) {
    case 'tuple':
      return true;
    case 'sum':
    case 'product':
      return formula.of.some(holdsTuple);
    case 'negative':
      return holdsTuple(formula.of);
    case 'quotient':
      return holdsTuple(formula.above);
    default:
      return false;
  }
}
