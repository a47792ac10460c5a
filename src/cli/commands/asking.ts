import { runCommand } from '../errors.js';
import type { EvalCommandOptions } from '../eval_options.js';
import type { LogprobsOptions } from '../logprobs.js';
import type { SampleOptions } from '../sample.js';
import { several, threads, device, PROGRESS, example } from './options.js';
import type { GlossaCommand } from './options.js';

/** The commands that ask a model: eval, sample, logprobs. */
export function addAsking(program: GlossaCommand): void {
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
    .option('--checkpoints <steps>', 'of a run: all, or steps such as 50,100; default: the one that it ended with')
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
        (await import('../eval.js')).evalCommand(model, options),
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
    .action(runCommand(async (options: SampleOptions) => (await import('../sample.js')).sampleCommand(options)));

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
        (await import('../logprobs.js')).logprobsCommand(file, options),
      ),
    );
}
