import { negative, type Formula } from './formula.js';

type Rows = readonly (readonly Formula[])[];
/** Rows and columns of a product that is worked out. */
const LARGEST = 8;

/** The entries of a matrix, of a sum or product of some, of a multiple of one; null of any other expression. */
export function matrixValue(formula: Formula): Rows | null {
  switch (formula.kind) {
    case 'matrix':
      return formula.rows;
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
