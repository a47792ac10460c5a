import { runCommand } from '../errors.js';
import { example } from './options.js';
import type { GlossaCommand } from './options.js';

/** The command that prints the JSON Schema. */
export function addSchema(program: GlossaCommand): void {
  program
    .command('schema')
    .description('print the JSON Schema of the config')
    .option('--table', 'print docs/config.md instead')
    .addHelpText('after', example('npx glossa schema > config.schema.json'))
    .action(runCommand(async (options: { table?: boolean }) => (await import('../schema.js')).schemaCommand(options)));
}
