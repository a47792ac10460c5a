import { runCommand } from '../errors.js';
import type { FetchCommandOptions } from '../fetch.js';
import type { LabOptions } from '../lab.js';
import { several, PROGRESS, example } from './options.js';
import type { GlossaCommand } from './options.js';

/** The commands that get a model: fetch, lab. */
export function addModels(program: GlossaCommand): void {
  program
    .command('fetch')
    .description('download a model or data set from the Hugging Face hub, or go on with a download')
    .argument('<id>', 'org/name, org/name@revision, datasets/org/name')
    .option('--repo-type <type>', 'model or dataset, where the id does not say')
    .addOption(several('--include <glob>', 'these files instead of the usual ones'))
    .addOption(several('--exclude <glob>', 'not these files'))
    .option('--jobs <n>', 'files at a time', '4')
    .option('--verify', 'check the hashes of files that are there already')
    .option('--dry-run', 'list files and sizes, and download nothing')
    .option('--json', 'print one JSON object')
    .option('--progress <mode>', PROGRESS, 'auto')
    .addHelpText(
      'after',
      example(
        'npx glossa fetch Qwen/Qwen2.5-0.5B-Instruct',
        'npx glossa fetch datasets/openai/gsm8k --dry-run',
        "npx glossa fetch org/name@v1.0 --include '*.json'",
      ),
    )
    .action(
      runCommand(async (id: string, options: FetchCommandOptions) =>
        (await import('../fetch.js')).fetchCommand(id, options),
      ),
    );

  program
    .command('lab')
    .description('pre-train a small model on made word problems')
    .option('--seed <n>', 'of every random draw', '1')
    .option('--size <size>', 'tiny, small or base', 'tiny')
    .option('--control', 'without code-switching')
    .addOption(several('--set <setting=value>', 'override a setting of model.lab'))
    .option('--cache <dir>', 'where pre-trained models are kept', 'runs/lab')
    .option('--json', 'print one JSON object')
    .option('--progress <mode>', PROGRESS, 'auto')
    .addHelpText(
      'after',
      example('npx glossa lab --size small', 'npx glossa lab --set mix.ko.code_switch=0.02 --set pretrain.steps=400'),
    )
    .action(runCommand(async (options: LabOptions) => (await import('../lab.js')).labCommand(options)));
}
