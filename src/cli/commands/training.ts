import { runCommand } from '../errors.js';
import type { DemoOptions } from '../demo.js';
import type { SelectOptions } from '../select.js';
import type { SweepCommandOptions } from '../sweep.js';
import type { TrainCommandOptions } from '../train.js';
import { PROGRESS, PROGRESS_IS_RESULT, example } from './options.js';
import type { GlossaCommand } from './options.js';

/** The commands that train: demo, train, sft, select, sweep. */
export function addTraining(program: GlossaCommand): void {
  program
    .command('demo')
    .description('watch a small model abandon Korean, in about a minute')
    .option('--seed <n>', 'of every random draw', '1')
    .option('--out <dir>', 'folder of the runs and the report', 'runs/demo')
    .option('--json', 'print one JSON object last')
    .option('--no-open', 'do not open the report in a browser')
    .option('--progress <mode>', PROGRESS_IS_RESULT, 'auto')
    .addHelpText('after', example('npx glossa demo', 'npx glossa demo --seed 7 --json'))
    .action(runCommand(async (options: DemoOptions) => (await import('../demo.js')).demo(options)));

  program
    .command('train')
    .description('train with GRPO as a config says')
    .argument('[config]', 'YAML file (docs/config.md)')
    .runOptions()
    .option('--schema', 'print the JSON Schema of the config and exit')
    .option('--dry-run', 'check config, model, data and rewards (with --resume: of that run), and exit')
    .option(
      '--profile [file]',
      "write where the time goes, for chrome://tracing and Perfetto; default: profile.json in the run's folder",
    )
    .option('--progress <mode>', PROGRESS_IS_RESULT, 'auto')
    .addHelpText(
      'after',
      example(
        'npx glossa train studies/lab/collapse.yaml',
        'npx glossa train studies/lab/collapse.yaml --set seed=2 --set run.dir=runs/second',
        'npx glossa train my.yaml --model Qwen/Qwen2.5-0.5B-Instruct',
        'npx glossa train --resume runs/second',
      ),
    )
    .action(
      runCommand(async (config: string | undefined, options: TrainCommandOptions) =>
        (await import('../train.js')).trainCommand(config, options),
      ),
    );

  program
    .command('sft')
    .description('fine-tune on worked solutions, chats or texts as a config with a section `sft` says')
    .argument('[config]', 'YAML file (docs/sft.md)')
    .runOptions()
    .option('--dry-run', 'check config, model and data (with --resume: of that run), and exit')
    .option('--progress <mode>', PROGRESS_IS_RESULT, 'auto')
    .addHelpText('after', example('npx glossa sft studies/lab/sft.yaml', 'npx glossa sft --resume runs/sft'))
    .action(
      runCommand(async (config: string | undefined, options: TrainCommandOptions) =>
        (await import('../train.js')).trainCommand(config, { ...options, supervised: true }),
      ),
    );

  program
    .command('select')
    .description('keep right completions in the target language, to fine-tune on (rejection sampling; docs/sft.md)')
    .argument('<runs-or-files...>', 'folders of runs (their rollouts), or files of eval --out')
    .requiredOption('--out <file.jsonl>', 'rows of question and solution')
    .option('--min-target-wr <share>', 'least share of words in the language of the prompt', '0.9')
    .option('--per-problem <n>', 'most completions of a problem', '1')
    .option('--limit <n>', 'most completions; default: all')
    .option('--wrong', 'also completions that are wrong or not judged')
    .option('--json', 'print one JSON object')
    .addHelpText('after', example('npx glossa select runs/demo/grpo --limit 817 --out warm.jsonl'))
    .action(
      runCommand(async (given: string[], options: SelectOptions) =>
        (await import('../select.js')).selectCommand(given, options),
      ),
    );

  program
    .command('sweep')
    .description('make the runs of a sweep file: axes, seeds, arms; called again, it goes on')
    .argument('[file]', 'YAML file (docs/sweeps.md); with --task the folder of a sweep')
    .option('--out <dir>', 'folder of the sweep; default: runs/ and its name')
    .option('--at-once <n>', 'runs side by side; default: as many as fit cores, memory and GPUs')
    .option('--slurm', 'hand the runs to Slurm as an array job; called again, those that Slurm does not have')
    .option('--kubernetes', 'print the manifest of an indexed Job that makes the runs')
    .option('--task <index>', 'make one run of the sweep whose folder is given, as tasks of Slurm and Kubernetes do')
    .option(
      '--dry-run',
      'check everything, print the runs with memory and time (or the script of --slurm), and start nothing',
    )
    .option('--restart-changed', 'begin runs anew that an edited file would make others; what they have made goes')
    .option('--yes', 'make ten thousand runs and more without being asked')
    .option('--schema', 'print the JSON Schema of a sweep file and exit')
    .option('--json', 'print one JSON object last')
    .option('--progress <mode>', PROGRESS, 'auto')
    .addHelpText(
      'after',
      example(
        'npx glossa sweep studies/lab/sweep.yaml --dry-run',
        'npx glossa sweep studies/lab/sweep.yaml --at-once 2',
        'npx glossa sweep studies/lab/sweep.yaml --out runs/second --progress plain',
      ),
    )
    .action(
      runCommand(async (file: string | undefined, options: SweepCommandOptions) =>
        (await import('../sweep.js')).sweepCommand(file, options),
      ),
    );
}
