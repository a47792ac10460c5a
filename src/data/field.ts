/**
 * The value of a field of a row: of the key of that very name, else of the path it spells (`reward_model.ground_truth`,
 * `prompt.0.content`). Undefined where there is none.
 */
export function fieldOf(row: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(row, name)) return row[name];
  let value: unknown = row;
  for (const key of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** The column of a table that holds a field: of its name, else of the first part of its path; undefined where there is none. */
export function columnOf(columns: readonly string[], field: string): string | undefined {
  return [field, field.split('.')[0]!].find((name) => columns.includes(name));
}
