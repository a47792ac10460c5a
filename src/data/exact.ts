import type { FileMetaData, SchemaTree } from 'hyparquet';

/** A number that its file holds more exactly than a JavaScript number can, as it was spelled. */
export class InexactNumber {
  constructor(readonly digits: string) {}
}

/** What a column's values are, where JavaScript's number would change them. */
export type ExactKind = { decimal: number } | 'float32';

/**
 * Finds the columns of a Parquet file, nested ones too, that hold decimals or 32-bit floats, by path, and asks the reader in
 * `metadata` for the integers that decimals are stored as: its own product with a power of ten rounds (1.15 becomes
 * 1.1500000000000001). Columns within lists stay as they are.
 */
export function exactColumns(metadata: FileMetaData, root: SchemaTree): Map<string, ExactKind> {
  const kinds = new Map<string, ExactKind>();
  const visit = ({ element, children, path }: SchemaTree): void => {
    if (element.repetition_type === 'REPEATED') return;
    if (element.converted_type === 'DECIMAL' || element.logical_type?.type === 'DECIMAL') {
      kinds.set(path.join('.'), { decimal: element.scale ?? 0 });
      delete element.converted_type;
      delete element.logical_type;
      // Bytes of any length are handed over by the parser that this file has no other use for.
      if (element.type === 'BYTE_ARRAY') element.logical_type = { type: 'GEOGRAPHY' };
    } else if (element.type === 'FLOAT') kinds.set(path.join('.'), 'float32');
    children.forEach(visit);
  };
  root.children.forEach(visit);
  return kinds;
}

/** A row with its exact columns as text (decimals) or as the shortest number that is the same float. */
export function exactRow(row: Record<string, unknown>, kinds: ReadonlyMap<string, ExactKind>): Record<string, unknown> {
  for (const [path, kind] of kinds) {
    const keys = path.split('.');
    const last = keys.pop()!;
    const parent = keys.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), row);
    if (isObject(parent))
      parent[last] = kind === 'float32' ? shortestFloat(parent[last]) : decimalText(parent[last], kind);
  }
  return row;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** 3.140000104904175, which is the float 3.14, to 3.14. */
function shortestFloat(value: unknown): unknown {
  if (typeof value !== 'number' || !Number.isFinite(value)) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function decimalText(value: unknown, { decimal: scale }: { decimal: number }): unknown {
  let unscaled: bigint;
  if (typeof value === 'number' || typeof value === 'bigint') unscaled = BigInt(value);
  else if (value instanceof Uint8Array) unscaled = signedInteger(value);
  else return value;
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return unscaled < 0n ? `-${text}` : text;
}

/** Two's complement, most significant byte first. */
function signedInteger(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = value * 256n + BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}
