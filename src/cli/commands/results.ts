import { runCommand } from '../errors.js';
import type { CompareOptions } from '../compare.js';
import type { ExportCommandOptions } from '../export.js';
import type { MergeCommandOptions } from '../merge.js';
import type { ReportOptions } from '../report.js';
import type { RunsOptions } from '../runs.js';
import type { ScoreCommandOptions } from '../score.js';
import type { VerifyCommandOptions } from '../verify.js';
import { several, PROGRESS, example } from './options.js';
import type { GlossaCommand } from './options.js';

/** The commands on what was made: runs, compare, report, verify, export, merge, score. */
export function addResults(program: GlossaCommand): void {
  program
    .command('runs')
    .description('list the runs and sweeps below a folder')
    .argument('[dir]', 'folder of runs', 'runs')
    .option(
      '--state <states>',
      'only running, finished, interrupted, failed, stopped or broken; several with commas between',
    )
    .addOption(several('--where <condition>', 'only where a setting or metric is =, !=, >, <, >= or <= a value'))
    .option('--sort <name>', 'by a setting, a metric, path, state, step, started, ... (docs/runs.md)', 'age')
    .option('--reverse', 'the other way round')
    .option('--json', 'print one JSON object a run')
    .addHelpText(
      'after',
      example(
        'npx glossa runs',
        "npx glossa runs runs/temperature --where grpo.temperature=1.3 --where 'eval_ko/target_wr<0.5' --sort accuracy --reverse",
        'npx glossa runs --state running,failed --json',
      ),
    )
    .action(
      runCommand(async (dir: string, options: RunsOptions) => (await import('../runs.js')).runsCommand(dir, options)),
    );

  program
    .command('summary')
    .description(
      'print what a run came to as one JSON object: summary.json, of runs too that were killed or are under way',
    )
    .argument('<run>', 'folder of a run')
    .addHelpText(
      'after',
      example('npx glossa summary runs/collapse', 'npx glossa summary runs/collapse | jq .final.reward'),
    )
    .action(runCommand(async (run: string) => (await import('../summary.js')).summaryCommand(run)));

  program
    .command('compare')
    .description('say what two runs have otherwise: settings, files, machine, and results with paired intervals')
    .argument('<a>', 'folder of a run')
    .argument('<b>', 'folder of another one; differences are b - a')
    .option('--step <n>', 'compare held-out suites after this step; default: the last evaluation of each')
    .option('--json', 'print one JSON object')
    .addHelpText('after', example('npx glossa compare runs/collapse runs/language-reward'))
    .action(
      runCommand(async (a: string, b: string, options: CompareOptions) =>
        (await import('../compare.js')).compareCommand(a, b, options),
      ),
    );

  program
    .command('report')
    .description('draw a run, several side by side, or a sweep into one HTML file')
    .argument('<run...>', 'folders of runs, or one of a sweep; `label=folder` names a run')
    .option('--out <file>', 'default: report.html in the first run; figures go into report-figures/ beside it')
    .option('--title <text>', 'title of the page')
    .addHelpText(
      'after',
      example(
        'npx glossa report runs/collapse',
        "npx glossa report 'without reward=runs/collapse' 'with reward=runs/language-reward' --out both.html",
      ),
    )
    .action(
      runCommand(async (runs: string[], options: ReportOptions) =>
        (await import('../report.js')).reportCommand(runs, options),
      ),
    );

  program
    .command('verify')
    .description('play steps of a run again from its folder, and say whether they are the same, to the bit')
    .argument('<run>', 'folder of a run; it is only read')
    .option('--step <n>', 'up to this step, from the checkpoint before it; default: the newest checkpoint')
    .option('--accept-changes', 'although files, config or machine are otherwise than when the run was started')
    .option('--json', 'print one JSON object')
    .option('--progress <mode>', PROGRESS, 'auto')
    .addHelpText(
      'after',
      example('npx glossa verify runs/collapse', 'npx glossa verify runs/collapse --step 30 --json'),
    )
    .action(
      runCommand(async (run: string, options: VerifyCommandOptions) =>
        (await import('../verify.js')).verifyCommand(run, options),
      ),
    );

  program
    .command('export')
    .description(
      'write the model of a run as a folder for others, with tokenizer and a card that says how it was trained',
    )
    .argument('<run>', 'folder of a run')
    .requiredOption('--out <dir>', 'folder to write; it must not be there, or be empty')
    .option('--step <n>', 'of the checkpoint; default: the one that the run ended with')
    .option('--dtype <type>', "float32, bfloat16 or float16; default: that of the model's own weights")
    .option('--adapter', 'of a run with lora: the adapter alone (PEFT), not the model with it merged')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      example(
        'npx glossa export runs/collapse --out models/collapse',
        'npx glossa export runs/collapse --step 100 --dtype bfloat16 --out models/collapse-100',
      ),
    )
    .action(
      runCommand(async (run: string, options: ExportCommandOptions) =>
        (await import('../export.js')).exportCommand(run, options),
      ),
    );

  program
    .command('merge')
    .description('write the weighted sum of models, or of their differences to a base, as a folder for others')
    .argument('<model...>', 'folders of models or runs, or names of the hub')
    .requiredOption('--out <dir>', 'folder to write; it must not be there, or be empty')
    .option('--weights <list>', 'a number for each model, with commas between; default: the same for each, 1 in all')
    .option('--base <dir|id>', 'add weighted differences to this one: base + sum of weight x (model - base)')
    .option('--dtype <type>', 'float32, bfloat16 or float16; default: that of the first model')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      example(
        'npx glossa merge runs/collapse runs/language-reward --out models/mean',
        'npx glossa merge runs/korean runs/thai --weights 0.7,0.5 --base models/start --dtype bfloat16 --out models/both',
      ),
    )
    .action(
      runCommand(async (models: string[], options: MergeCommandOptions) =>
        (await import('../merge.js')).mergeCommand(models, options),
      ),
    );

  program
    .command('score')
    .description('grade and language-measure completions of any origin')
    .argument(
      '<file>',
      '.jsonl, .jsonl.gz or .parquet with prediction or completion, gold or answer, lang; - is standard input; or the folder of a run: its evaluations are judged again',
    )
    .option('--lang <code>', 'language of rows that name none')
    .option('--prediction-field <name>', 'field of the completion, where it has another name')
    .option('--gold-field <name>', 'field of the gold answer, where it has another name')
    .option('--lang-field <name>', 'field of the language, where it has another name')
    .option(
      '--answer <mode>',
      'flexible or strict (docs/rewards.md); default: that of --rewards or of the run, else flexible',
    )
    .option(
      '--verifier <name|file>',
      'number, choice, mathematics, or a module (docs/rewards.md); default: number, of a run its own',
    )
    .option('--rewards <config>', 'a config, or a file with nothing but its rewards: give each row these rewards too')
    .option('--rollouts', 'of a run: the completions that it was trained on too')
    .option('--step <n>', 'of a run: only what was written after step n')
    .option(
      '--json',
      'print one JSON object a row in input order, then totals; of a run one a suite, language and step',
    )
    .addHelpText(
      'after',
      example(
        'npx glossa score completions.jsonl',
        'npx glossa score completions.jsonl --json > scores.jsonl',
        'npx glossa score runs/my/rollouts/000001.parquet --rewards my.yaml',
        'npx glossa score runs/my --answer strict',
        'npx glossa score outputs.parquet --prediction-field response --gold-field target --lang ko',
        'zcat outputs.jsonl.gz | npx glossa score - --lang zh --json | tail -1',
      ),
    )
    .action(
      runCommand(async (file: string, options: ScoreCommandOptions) =>
        (await import('../score.js')).scoreCommand(file, options),
      ),
    );
}
