import { Command, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { printable } from '../base/printable.js';
import { EXIT, runCommand } from './errors.js';
import type { BenchOptions } from './bench.js';
import type { CompareOptions } from './compare.js';
import type { DemoOptions } from './demo.js';
import type { DoctorOptions } from './doctor.js';
import type { EvalCommandOptions } from './eval_options.js';
import type { ExportCommandOptions } from './export.js';
import type { FetchCommandOptions } from './fetch.js';
import type { LabOptions } from './lab.js';
import type { LogprobsOptions } from './logprobs.js';
import type { ReportOptions } from './report.js';
import type { RunsOptions } from './runs.js';
import type { SampleOptions } from './sample.js';
import type { ScoreCommandOptions } from './score.js';
import type { SweepCommandOptions } from './sweep.js';
import type { TrainCommandOptions } from './train.js';
import type { VerifyCommandOptions } from './verify.js';

// Each command's module is loaded when it is called, so that --help and mistakes answer at once.
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const collect = (value: string, previous: string[]): string[] => [...previous, value];
/** An option that may be given several times; `absent` says what holds without it. */
const several = (flags: string, description: string, absent = 'none'): Option =>
  new Option(flags, `${description}; may be given several times`).argParser(collect).default([], absent);
const threads = (): Option => new Option('--threads <n>', 'of the engine').default('0', 'all cores');

const device = (): Option => new Option('--device <name>', 'cpu, cuda (an NVIDIA GPU) or cuda:N; default: cpu');

const MODES = 'auto (live on a terminal, else plain), plain, json (an object an event) or none';
const PROGRESS = `${MODES}; to standard error`;
const PROGRESS_IS_RESULT = `${MODES}; json to standard output, lines to standard error`;

/** A command, with the options that several have. */
class GlossaCommand extends Command {
  override createCommand(name?: string): GlossaCommand {
    return new GlossaCommand(name);
  }

  /** What to use in the place of the model's own weights or tokenizer. */
  otherModelOptions(): this {
    return this.option('--random-init <config.json>', 'random weights of this shape instead of a model').option(
      '--tokenizer <dir|id>',
      "folder of another tokenizer than the model's own",
    );
  }

  /** How a question is put, beside its style. */
  promptOptions(): this {
    return this.option('--system <text>', 'system message; {language} is filled in')
      .option('--no-system', "none, where the run's has one")
      .option('--template <file>', "a prompt template of one's own (Jinja)")
      .option('--thinking', 'turn thinking on in the template (Qwen3)')
      .option('--no-thinking', 'turn it off')
      .option('--think-prefix <text>', 'what the thought begins with; auto: a sentence of the language')
      .option('--no-think-prefix', "nothing, where the run's has one");
  }
}

/** The command line: every command with its options, and what it calls. */
export const program = new GlossaCommand('glossa')
  .description('Trains language models with GRPO on verifiable problems and watches which language they think in.')
  .version(version)
  .showHelpAfterError('(npx glossa --help lists the commands)')
  .showSuggestionAfterError()
  .configureOutput({ writeErr: (text) => process.stderr.write(printable(text)) })
  // A command line that cannot be meant exits with 2, also of the commands below, which copy this.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT.usage));

program
  .command('demo')
  .description('watch a small model abandon Korean, in about a minute')
  .option('--seed <n>', 'of every random draw', '1')
  .option('--out <dir>', 'folder of the runs and the report', 'runs/demo')
  .option('--json', 'print one JSON object last')
  .option('--no-open', 'do not open the report in a browser')
  .option('--progress <mode>', PROGRESS_IS_RESULT, 'auto')
  .addHelpText('after', example('npx glossa demo', 'npx glossa demo --seed 7 --json'))
  .action(runCommand(async (options: DemoOptions) => (await import('./demo.js')).demo(options)));

program
  .command('train')
  .description('train with GRPO as a config says')
  .argument('[config]', 'YAML file (docs/config.md)')
  .addOption(several('--set <setting=value>', 'override a setting'))
  .option('--model <dir|id>', 'short for --set model.path=...')
  .option('--device <name>', 'short for --set device=...: cpu, cuda (an NVIDIA GPU) or cuda:N')
  .option('--resume <run>', 'go on with a run that was stopped, from its last checkpoint')
  .option('--accept-changes', 'with --resume: go on although files, config or machine have changed; run.json notes it')
  .option('--overwrite', 'put the run in the place of the one in its folder, once it has its first checkpoint')
  .option('--until <step>', 'pause after this step, with a checkpoint; --resume goes on')
  .option('--schema', 'print the JSON Schema of the config and exit')
  .option('--dry-run', 'check config, model, data and rewards (with --resume: of that run), and exit')
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
      (await import('./train.js')).trainCommand(config, options),
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
      (await import('./sweep.js')).sweepCommand(file, options),
    ),
  );

program
  .command('eval')
  .description('answer problems with a model or a run, and measure accuracy and language')
  .argument('[model]', 'the same as --model')
  .option('--model <dir|id>', 'Hugging Face folder, folder of a run (its last checkpoint), or a fetched org/name')
  .addOption(
    several(
      '--data <[name=]file>',
      '.jsonl, .jsonl.gz, .parquet or .tsv, a suite each; or a known suite: gsm8k, mgsm:FILE (docs/evaluation.md)',
      "the run's suites",
    ),
  )
  .option('--language <code>', 'of a file that does not say, or only this one')
  .option('--limit <n>', 'problems of each file')
  .option('--samples <n>', "completions a problem; default: 1, or as the run's suites are answered")
  .option('--temperature <t>', "0 is greedy; default: 0, or as the run's suites are answered")
  .option('--top-p <p>', "nucleus; default: 1, or as the run's suites are answered")
  .option('--max-tokens <n>', "completion budget; default: the run's, else 512 or half the context")
  .option('--answer <mode>', "flexible or strict (docs/rewards.md); default: the run's, else flexible")
  .option(
    '--verifier <name|file>',
    'of --data: number (the default), choice, mathematics, or a module (docs/rewards.md)',
  )
  .option('--format <text>', 'of --data: what a question becomes, with {question} in it and \\n for a new line')
  .option('--by <way>', 'generation (the default), or letters: the most probable letter of a question with options')
  .addOption(several('--stop <text>', 'a completion ends before this text; \\n is a new line'))
  .option('--examples <file>', 'worked problems before each question (docs/evaluation.md)')
  .option('--num-examples <n>', 'how many', '4')
  .option('--examples-as <way>', 'turns of a chat, or text before the question', 'turns')
  .option('--examples-language <code>', "of the examples; default: the question's")
  .option('--checkpoints <steps>', 'of a run: all, or steps such as 50,100; default: the newest')
  .otherModelOptions()
  .option('--style <style>', 'chat, plain, template, or raw (the question as it is)')
  .promptOptions()
  .option('--seed <n>', "of sampling; default: 42, or the run's for its own suites")
  .option('--dtype <type>', 'float32 or bfloat16', 'float32')
  .addOption(threads())
  .addOption(device())
  .option('--out <file>', 'write the completions: .parquet or .jsonl')
  .option('--json', 'print one JSON object')
  .addHelpText(
    'after',
    example(
      'npx glossa eval runs/demo/grpo',
      'npx glossa eval runs/demo/grpo --data problems.ko.jsonl --out answers.parquet',
      'npx glossa eval --model Qwen/Qwen2.5-1.5B-Instruct --data mgsm/zh.jsonl --data mgsm/ja.jsonl --max-tokens 400',
      'npx glossa eval Qwen/Qwen2.5-1.5B-Instruct --data gsm8k --samples 8 --temperature 0.7',
      'npx glossa eval Qwen/Qwen2.5-1.5B --data global_mmlu --language ko --by letters --style raw',
      'npx glossa eval runs/demo/grpo --checkpoints all --json',
    ),
  )
  .action(
    runCommand(async (model: string | undefined, options: EvalCommandOptions) =>
      (await import('./eval.js')).evalCommand(model, options),
    ),
  );

program
  .command('sample')
  .description('let a model answer one prompt')
  .option('--model <dir|id>', 'Hugging Face folder, folder of a run, or a fetched org/name')
  .otherModelOptions()
  .option('--prompt <text>', 'the question; read from standard input where absent')
  .option('--messages <file.json>', 'a whole chat instead of a question (docs/prompts.md); - is standard input')
  .option('--tools <file.json>', 'tools that the model may call, as JSON schemas')
  .option('--style <style>', 'chat, plain, template, or raw (the text as it is)')
  .option('--special', 'in style raw: read spellings of control tokens as those tokens')
  .promptOptions()
  .option('--show-prompt', 'show the rendered prompt and its ids first')
  .option('--language <code>', "of the question; default: the run's, else that of the question's words")
  .option('-n, --samples <n>', 'completions', '1')
  .option('--temperature <t>', '0 is greedy', '1')
  .option('--top-k <n>', '0: off', '0')
  .option('--top-p <p>', '1: off', '1')
  .option('--min-p <p>', '0: off', '0')
  .option('--max-tokens <n>', 'completion budget; default: 256, or what the context leaves')
  .option('--seed <n>', 'of sampling', '42')
  .option('--dtype <type>', 'float32 or bfloat16', 'float32')
  .addOption(device())
  .option('--json', 'print one JSON object a completion')
  .addHelpText(
    'after',
    example(
      "npx glossa sample --model runs/demo/grpo --prompt '사과 3개와 배 4개가 있다. 모두 몇 개인가?' --language ko -n 4",
    ),
  )
  .action(runCommand(async (options: SampleOptions) => (await import('./sample.js')).sampleCommand(options)));

program
  .command('logprobs')
  .description('log-probabilities and entropies of given tokens')
  .argument(
    '<file>',
    '.jsonl, .jsonl.gz or .parquet with prompt_ids and completion_ids, prompt and completion, text, or messages',
  )
  .option('--model <dir|id>', 'Hugging Face folder, folder of a run, or a fetched org/name')
  .otherModelOptions()
  .option('--special', 'read spellings of control tokens in texts as those tokens')
  .option('--temperature <t>', 'of the distribution', '1')
  .option('--out <file>', '.parquet, .jsonl or .arrow; default: JSON lines on standard output')
  .option('--seed <n>', 'of random weights', '42')
  .option('--dtype <type>', 'float32 or bfloat16', 'float32')
  .addOption(threads())
  .addOption(device())
  .option('--progress <mode>', PROGRESS, 'auto')
  .addHelpText(
    'after',
    example(
      'npx glossa logprobs --model runs/demo/grpo texts.jsonl > logps.jsonl',
      'npx glossa logprobs --model models/Qwen3-0.6B chats.jsonl --out logps.parquet',
      "npx glossa sample --model runs/demo/grpo --prompt '1 + 1 = ?' --json > rows.jsonl && npx glossa logprobs --model runs/demo/grpo rows.jsonl",
    ),
  )
  .action(
    runCommand(async (file: string, options: LogprobsOptions) =>
      (await import('./logprobs.js')).logprobsCommand(file, options),
    ),
  );

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
      (await import('./fetch.js')).fetchCommand(id, options),
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
  .action(runCommand(async (options: LabOptions) => (await import('./lab.js')).labCommand(options)));

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
    runCommand(async (dir: string, options: RunsOptions) => (await import('./runs.js')).runsCommand(dir, options)),
  );

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
      (await import('./compare.js')).compareCommand(a, b, options),
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
      (await import('./report.js')).reportCommand(runs, options),
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
  .addHelpText('after', example('npx glossa verify runs/collapse', 'npx glossa verify runs/collapse --step 30 --json'))
  .action(
    runCommand(async (run: string, options: VerifyCommandOptions) =>
      (await import('./verify.js')).verifyCommand(run, options),
    ),
  );

program
  .command('export')
  .description(
    'write the model of a run as a folder for others, with tokenizer and a card that says how it was trained',
  )
  .argument('<run>', 'folder of a run')
  .requiredOption('--out <dir>', 'folder to write; it must not be there, or be empty')
  .option('--step <n>', 'of the checkpoint; default: the newest')
  .option('--dtype <type>', "float32, bfloat16 or float16; default: that of the model's own weights")
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
      (await import('./export.js')).exportCommand(run, options),
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
  .option('--json', 'print one JSON object a row in input order, then totals; of a run one a suite, language and step')
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
      (await import('./score.js')).scoreCommand(file, options),
    ),
  );

program
  .command('doctor')
  .description('look at the machine, and test the engine on it')
  .option('--self-test', 'bitwise identity of sampler and trainer, thread and batch invariance')
  .option('--golden <dir>', 'run a folder of reference cases and print the worst error of each')
  .option('--dtype <type>', 'of the weights of the reference cases: float32 or bfloat16', 'float32')
  .addOption(device())
  .option(
    '--plan <model>',
    'print the memory that training a model (folder, config.json, name) would take; with --config',
  )
  .option('--config <path>', 'config of the run that --plan is about')
  .addOption(several('--set <setting=value>', 'override a setting of that config'))
  .option('--prompt-tokens <n>', 'longest prompt, where --plan cannot read the data')
  .option('--device-memory <card>', 'with --plan and device cuda: of a GPU that is not here, such as H200 or 80GB')
  .option('--json', 'print one JSON object')
  .addHelpText(
    'after',
    example(
      'npx glossa doctor --self-test',
      'npx glossa doctor --golden cases --json',
      'npx glossa doctor --plan models/Qwen2.5-0.5B --config studies/real/gsm8k-zh.yaml',
    ),
  )
  .action(runCommand(async (options: DoctorOptions) => (await import('./doctor.js')).doctorCommand(options)));

program
  .command('bench')
  .description('time decoding, training and whole steps of a model with random weights, or operators one by one')
  .argument('[what]', 'decode, train, step, all or kernels', 'all')
  .option('--model <shape>', 'of a published model, such as qwen2.5-1.5b, or tiny', 'qwen2.5-0.5b')
  .option('--dtype <type>', 'float32 or bfloat16', 'bfloat16')
  .addOption(device())
  .option('--compare <file>', 'print every figure beside an earlier run, whose last line the file ends with')
  .option('--allow', 'exit with 0 although a figure is more than 5 % slower than there')
  .option('--small', 'a tiny model, once: that it runs, not how fast')
  .option('--json', 'print one JSON object alone; it is the last line in any case')
  .addHelpText(
    'after',
    example(
      'npx glossa bench decode --model qwen2.5-0.5b | tee before.txt',
      'npx glossa bench decode --model qwen2.5-0.5b --compare before.txt',
      'npx glossa bench all --device cuda --model qwen2.5-1.5b',
    ),
  )
  .action(
    runCommand(async (what: string, options: BenchOptions) => (await import('./bench.js')).benchCommand(what, options)),
  );

program
  .command('schema')
  .description('print the JSON Schema of the config')
  .option('--table', 'print docs/config.md instead')
  .addHelpText('after', example('npx glossa schema > config.schema.json'))
  .action(runCommand(async (options: { table?: boolean }) => (await import('./schema.js')).schemaCommand(options)));

function example(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}
