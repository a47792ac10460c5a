import { GlossaError } from '../base/error.js';
import { greatest } from '../base/extremes.js';
import {
  examine,
  golden,
  plan,
  selfTest,
  type Environment,
  type Golden,
  type RunPlan,
  type SelfTest,
} from '../doctor/index.js';
import { locateModel } from '../inputs/index.js';
import { dtypeOption, numberOption } from './arguments.js';
import { gpuMemory } from './cards.js';
import { Display, warn } from './display.js';
import { EXIT } from './errors.js';
import { bar, bytes, count, figure, textTable } from './format.js';

export interface DoctorOptions {
  selfTest?: boolean;
  golden?: string;
  device?: string;
  dtype: string;
  /** A model; with `config`, the memory a run would take is printed instead of everything else. */
  plan?: string;
  config?: string;
  set?: string[];
  promptTokens?: string;
  deviceMemory?: string;
  json?: boolean;
}

export async function doctorCommand(options: DoctorOptions): Promise<number> {
  if (options.plan !== undefined) return planCommand(options.plan, options);
  const dtype = dtypeOption(options.dtype);
  const display = new Display(process.stderr.isTTY && !options.json ? 'live' : 'none');
  const environment = await examine();
  if (!options.json) process.stdout.write(environmentText(environment));
  const tested = options.selfTest
    ? await selfTest(options.device, (done, total) => {
        display.live([`self-test ${bar(done / total, 24)} ${String(done)}/${String(total)}`]);
      })
    : undefined;
  display.end();
  if (tested && !options.json) process.stdout.write(selfTestText(tested));
  const reference = options.golden === undefined ? undefined : await golden(options.golden, dtype, options.device);
  if (reference && !options.json) process.stdout.write(goldenText(reference));
  const ok = (tested?.ok ?? true) && (reference?.ok ?? true);
  if (options.json) {
    const headline = tested && {
      logp_max_abs_diff: tested.logp_max_abs_diff,
      thread_invariant: tested.thread_invariant,
      batch_invariant: tested.batch_invariant,
    };
    process.stdout.write(
      `${JSON.stringify({ ok, ...headline, environment, ...(tested && { self_test: tested }), ...(reference && { golden: reference }) })}\n`,
    );
  }
  return ok ? 0 : EXIT.failure;
}

async function planCommand(
  model: string,
  { config, set, promptTokens, deviceMemory, json }: DoctorOptions,
): Promise<number> {
  if (config === undefined) {
    throw new GlossaError('USAGE', '--plan needs --config with the config of the run', {
      hint: `npx glossa doctor --plan ${model} --config studies/real/gsm8k-zh.yaml`,
    });
  }
  const longest =
    promptTokens === undefined ? undefined : numberOption('prompt-tokens', promptTokens, { min: 1, whole: true });
  const found = await plan({
    model: model.endsWith('.json') ? model : (await locateModel(model, warn)).dir,
    config,
    ...(set && { set }),
    ...(longest !== undefined && { promptTokens: longest }),
    ...(deviceMemory !== undefined && { gpuMemory: gpuMemory(deviceMemory) }),
  });
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : planText(found));
  return 0;
}

function planText(found: RunPlan): string {
  const gb = (count: number) => `${(count / 1e9).toFixed(3)} GB`;
  const [always, shared] = [false, true].map((wanted) => found.terms.filter((term) => term.shared === wanted));
  const rows = [
    ...always!.filter(({ ofHost }) => !ofHost).map(({ name, bytes }) => [name, gb(bytes)]),
    ...shared!.map(({ name, bytes }) => [`  ${name}`, gb(bytes)]),
    ['engine: the first, and of the indented the largest use', gb(found.total)],
    ...(found.room
      ? [
          ['GPU: free for a run', gb(found.room.free)],
          ['GPU: in all', gb(found.room.total)],
        ]
      : []),
    ...always!.filter(({ ofHost }) => ofHost).map(({ name, bytes }) => [`host: ${name}`, gb(bytes)]),
    ['Node, tokenizer, data', gb(found.node)],
    [found.room ? 'peak of the host' : 'peak', gb(found.peak)],
    ['free here', found.available === undefined ? 'unknown' : gb(found.available)],
  ];
  const width = greatest(rows.map(([name]) => name!.length));
  const source = {
    data: 'the longest of the data',
    given: 'as given',
    assumed: 'assumed; --prompt-tokens says otherwise',
  };
  const notes = [
    `${found.supervised ? 'examples' : 'prompts'} of ${String(found.promptTokens)} tokens (${source[found.promptTokensFrom]}), micro-batches of ${String(found.microBatchRows)} rows`,
  ];
  if (found.room && found.total > found.room.free)
    notes.push(`${bytes(found.total - found.room.free)} more than the GPU has free: ${found.advice ?? ''}`);
  if (found.available !== undefined && found.peak > found.available) {
    notes.push(
      `${bytes(found.peak - found.available)} too much: fewer prompts_per_step, a shorter max_completion_length, smaller optimizer.micro_batch_tokens or dtype bfloat16 need less`,
    );
  }
  return `${[...rows.map(([name, value]) => `${name!.padEnd(width)}  ${value!.padStart(10)}`), ...notes].join('\n')}\n`;
}

function environmentText(found: Environment): string {
  const fonts = Object.entries(found.fonts);
  const missing = fonts.filter(([, there]) => there === false).map(([language]) => language);
  const rows = [
    ['glossa', found.glossa],
    ['node', found.node],
    ['system', found.platform],
    ['processor', found.cpu],
    ['native', `${found.native.version}, ${found.native.path}`],
    ['path', `${found.isa} (this processor has ${found.native.isas.join(', ')})`],
    ['GPU', found.gpu],
    ['threads', `${String(found.threads)} of ${String(found.cores)} cores`],
    ['memory', `${String(found.freeMemoryGb)} of ${String(found.memoryGb)} GB free`],
    [
      'peak',
      `${figure(found.peakFlops.float32 / 1e9)} GFLOP/s float32, ${figure(found.peakFlops.bfloat16 / 1e9)} bfloat16`,
    ],
    [
      'fonts',
      missing.length > 0
        ? `none for ${missing.join(', ')} (pictures of reports need them; install fonts-noto-cjk, fonts-noto)`
        : fonts.some(([, there]) => there === null)
          ? 'fc-list is not installed, so unknown'
          : 'all languages',
    ],
  ];
  return `${rows.map(([name, value]) => `${name!.padEnd(10)} ${value!}`).join('\n')}\n`;
}

function selfTestText(test: SelfTest): string {
  const rows = test.cases.map((each) => [
    `${each.dtype}, ${count(each.threads, 'thread')}`,
    each.slots === 0 ? 'all' : String(each.slots),
    each.shuffled ? 'shuffled' : 'in order',
    each.micro_batch_tokens === 0 ? 'chosen' : String(each.micro_batch_tokens),
    String(each.logp_max_abs_diff),
    each.same_rollout && each.same_update ? 'same bits' : 'DIFFERENT',
  ]);
  return [
    '',
    `self-test: ${String(test.completions)} completions, ${String(test.tokens)} tokens`,
    textTable([['', 'slots', 'admission', 'micro-batch', 'max |logp difference|', 'against one thread'], ...rows]),
    test.ok
      ? 'passed: sampler and trainer agree to the bit, whatever the threads and the batch'
      : 'FAILED: this build is not usable for training; please report it with this output',
    '',
  ].join('\n');
}

function goldenText(test: Golden): string {
  const rows = test.cases.map((each) => [
    each.name,
    each.state,
    each.measures
      .map(({ name, error, bound }) => `${name} ${error.toExponential(1)} (bound ${bound.toExponential(0)})`)
      .join(', ') || each.detail,
  ]);
  const width = greatest(rows.map(([name]) => name!.length));
  return [
    '',
    ...rows.map(([name, state, text]) => `${name!.padEnd(width)}  ${state!.padEnd(5)}  ${text!}`),
    `${String(test.passed)} passed, ${String(test.failed)} failed, ${String(test.skipped)} skipped`,
    '',
  ].join('\n');
}
