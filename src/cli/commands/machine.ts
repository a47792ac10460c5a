import { runCommand } from '../errors.js';
import type { BenchOptions } from '../bench.js';
import type { DoctorOptions } from '../doctor.js';
import { several, device, example } from './options.js';
import type { GlossaCommand } from './options.js';

/** The commands on the machine: doctor, bench. */
export function addMachine(program: GlossaCommand): void {
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
    .action(runCommand(async (options: DoctorOptions) => (await import('../doctor.js')).doctorCommand(options)));

  program
    .command('bench')
    .description('time decoding, training and whole steps of a model with random weights, or operators one by one')
    .argument('[what]', 'decode, train, step, all or kernels', 'all')
    .option('--model <shape>', 'of a published model, such as qwen2.5-1.5b (default: "qwen2.5-0.5b")')
    .option('--dtype <type>', 'float32 or bfloat16 (default: "bfloat16")')
    .addOption(device())
    .option(
      '--compare <file>',
      'print every figure beside that of an earlier run of the same model, type, device and sizes, whose output the file is',
    )
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
      runCommand(async (what: string, options: BenchOptions) =>
        (await import('../bench.js')).benchCommand(what, options),
      ),
    );
}
