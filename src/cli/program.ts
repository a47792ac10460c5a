import { readFileSync } from 'node:fs';
import { printable } from '../base/printable.js';
import { addAsking } from './commands/asking.js';
import { addMachine } from './commands/machine.js';
import { addModels } from './commands/models.js';
import { addResults } from './commands/results.js';
import { addSchema } from './commands/schema.js';
import { addTraining } from './commands/training.js';
import { GlossaCommand } from './commands/options.js';
import { EXIT } from './errors.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The command line: every command with its options, and what it calls. */
export const program = new GlossaCommand('glossa')
  .description('Trains language models with GRPO on verifiable problems and watches which language they think in.')
  .version(version)
  .showHelpAfterError('(npx glossa --help lists the commands)')
  .showSuggestionAfterError()
  .configureOutput({ writeErr: (text) => process.stderr.write(printable(text)) })
  // A command line that cannot be meant exits with 2, also of the commands below, which copy this.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT.usage));

// In the order of --help. Each command's module is loaded when it is called, so that --help and mistakes answer at once.
for (const add of [addTraining, addAsking, addModels, addResults, addMachine, addSchema]) add(program);
