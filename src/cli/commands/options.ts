import { Command, Option } from 'commander';

const collect = (value: string, previous: string[]): string[] => [...previous, value];
/** An option that may be given several times; `absent` says what holds without it. */
export const several = (flags: string, description: string, absent = 'none'): Option =>
  new Option(flags, `${description}; may be given several times`).argParser(collect).default([], absent);
export const threads = (): Option => new Option('--threads <n>', 'of the engine').default('0', 'all cores');

export const device = (): Option => new Option('--device <name>', 'cpu, cuda (an NVIDIA GPU) or cuda:N; default: cpu');

const MODES = 'auto (live on a terminal, else plain), plain, json (an object an event) or none';
export const PROGRESS = `${MODES}; to standard error`;
export const PROGRESS_IS_RESULT = `${MODES}; json to standard output, lines to standard error`;

/** A command, with the options that several have. */
export class GlossaCommand extends Command {
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

  /** Of a command that makes a run of a config. */
  runOptions(): this {
    return this.addOption(several('--set <setting=value>', 'override a setting'))
      .option('--model <dir|id>', 'short for --set model.path=...')
      .option('--device <name>', 'short for --set device=...: cpu, cuda (an NVIDIA GPU) or cuda:N')
      .option('--fast', 'short for --set fast=true: on a GPU faster for few rows, and not bitwise')
      .option('--resume <run>', 'go on with a run that was stopped, from its last checkpoint')
      .option(
        '--accept-changes',
        'with --resume: go on although files, config or machine have changed; run.json notes it',
      )
      .option('--overwrite', 'put the run in the place of the one in its folder, once it has its first checkpoint')
      .option('--until <step>', 'pause after this step, with a checkpoint; --resume goes on');
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

export function example(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}
