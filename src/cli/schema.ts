import { configJsonSchema, settingsTable } from '../config/index.js';

export function schemaCommand({ table }: { table?: boolean }): Promise<number> {
  process.stdout.write(table ? settingsTable() : `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  return Promise.resolve(0);
}
