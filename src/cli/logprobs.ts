import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { writeFileAtomic } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { arrowFile, jsonLines, logprobParquet, measureFile, readSequences, scoreSequences } from '../logprobs/index.js';
import { dtypeOption, numberOption } from './arguments.js';
import { Display, progressMode } from './display.js';
import { bar, count, duration, figure } from './format.js';
import { onInterrupt } from './interrupt.js';
import { openForIds } from './model.js';
import { tableOutput } from './output.js';

export interface LogprobsOptions {
  model?: string;
  randomInit?: string;
  tokenizer?: string;
  special?: boolean;
  temperature: string;
  out?: string;
  seed: string;
  dtype: string;
  threads: string;
  device?: string;
  progress: string;
}

/** Off a terminal, a line this often. */
const LINE_SECONDS = 10;

/**
 * `npx glossa logprobs`: the whole file is checked first, so that a bad row costs no computing; then batches of bounded size go
 * through the model, and results to `--out` (whole or not at all) or to standard output, in the order of the rows.
 */
export async function logprobsCommand(file: string, options: LogprobsOptions): Promise<void> {
  const temperature = numberOption('temperature', options.temperature, { min: 0 });
  if (temperature === 0)
    throw new GlossaError('USAGE', '--temperature 0: greedy choice has no log-probabilities; give 1');
  const seed = numberOption('seed', options.seed, { min: 0, whole: true });
  const threads = numberOption('threads', options.threads, { min: 0, whole: true });
  const dtype = dtypeOption(options.dtype);
  const format = options.out === undefined ? 'jsonl' : await tableOutput(options.out, ['parquet', 'jsonl', 'arrow']);
  const display = new Display(progressMode(options.progress));
  const model = await openForIds({ ...options, seed }, { dtype, threads, device: options.device }, (message) => {
    display.warning(message);
  });
  const interrupt = onInterrupt(() => undefined);
  try {
    const { vocab, context } = model.engine.info();
    const rows = { tokenizer: model.tokenizer, vocab, context, special: options.special === true };
    const total = await measureFile(file, rows);
    const began = performance.now();
    const scored = scoreSequences(model.engine, readSequences(file, rows), {
      temperature,
      signal: interrupt.stop,
      onProgress: progress(display, total, began),
    });
    const output = WRITERS[format](scored);
    if (options.out !== undefined) await writeFileAtomic(options.out, output);
    else if (!(await toStandardOutput(output))) return;
    display.end();
    const seconds = (performance.now() - began) / 1e3;
    display.json({ type: 'end', ...total, seconds });
    display.line(
      `${count(total.rows, 'row')}, ${count(total.tokens, 'token')} in ${duration(seconds)}, ${figure(total.tokens / seconds)} tokens/s`,
    );
  } finally {
    display.end();
    interrupt.restore();
    await model.engine.dispose();
  }
}

const WRITERS = { parquet: logprobParquet, jsonl: jsonLines, arrow: arrowFile };

function progress(
  display: Display,
  total: { rows: number; tokens: number },
  began: number,
): (done: { rows: number; tokens: number }) => void {
  let toldAt = began;
  return ({ rows, tokens }) => {
    const seconds = (performance.now() - began) / 1e3;
    const left = duration((seconds * (total.tokens - tokens)) / tokens);
    const text = `${String(rows)}/${String(total.rows)} rows  ${figure(tokens / seconds)} tokens/s  ${left} left`;
    display.live([`${bar(tokens / total.tokens, 24)} ${text}`]);
    if (display.mode === 'live' || performance.now() - toldAt < LINE_SECONDS * 1e3) return;
    toldAt = performance.now();
    display.line(text);
    display.json({ type: 'progress', rows, tokens, total, seconds });
  };
}

/** Whether all of it was read: a reader that goes away (`| head`) ends the work, and is no failure. */
async function toStandardOutput(output: AsyncIterable<string | Uint8Array>): Promise<boolean> {
  try {
    await pipeline(Readable.from(output), process.stdout, { end: false });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    return false;
  }
}
