import type { BasicType, ColumnSource } from 'hyparquet-writer';
import type { Cell, ColumnType, Row, Table } from './columns.js';

const STORED = {
  text: 'STRING',
  integer: 'INT64',
  number: 'DOUBLE',
  truth: 'BOOLEAN',
  time: 'TIMESTAMP',
} as const satisfies Record<ColumnType, BasicType>;

/** The table as a Parquet file; the same table gives the same bytes. */
export async function parquetBytes({ columns, rows }: Table): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const columnData = columns.map(({ name, type }): ColumnSource => ({
    name,
    type: STORED[type],
    data: rows.map((row) => stored(cell(row, name), type)),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: 'glossa' }));
}

function stored(value: Cell, type: ColumnType): unknown {
  if (value === null) return null;
  if (type === 'integer') return BigInt(value);
  return type === 'time' ? new Date(value as string) : value;
}

/** The table as CSV (RFC 4180), UTF-8, a header first. Where there is no value there is nothing; an empty text is `""`. */
export function csvText({ columns, rows }: Table): string {
  const lines = [
    columns.map(({ name }) => csvField(name)),
    ...rows.map((row) => columns.map(({ name }) => csvField(cell(row, name)))),
  ];
  return lines.map((fields) => `${fields.join(',')}\r\n`).join('');
}

function csvField(value: Cell): string {
  if (value === null) return '';
  const text = String(value);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A run has not every column that another one has. */
const cell = (row: Row, name: string): Cell => row[name] ?? null;
