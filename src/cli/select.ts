import { resolve } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { completionFiles, selectCompletions } from '../sft/index.js';
import { numberOption } from './arguments.js';
import { count } from './format.js';

export interface SelectOptions {
  wrong?: boolean;
  minTargetWr: string;
  perProblem: string;
  limit?: string;
  out: string;
  json?: boolean;
}

/** `npx glossa select`: rejection sampling, a file of completions to learn from. */
export async function selectCommand(given: readonly string[], options: SelectOptions): Promise<void> {
  const files = (await Promise.all(given.map((name) => completionFiles(resolve(name))))).flat();
  const { rows, read, leftOut } = await selectCompletions(files, {
    wrong: options.wrong === true,
    minTargetWr: numberOption('min-target-wr', options.minTargetWr, { min: 0, max: 1 }),
    perProblem: numberOption('per-problem', options.perProblem, { min: 1, whole: true }),
    limit: options.limit === undefined ? Infinity : numberOption('limit', options.limit, { min: 1, whole: true }),
  });
  const reasons = Object.entries(leftOut)
    .filter(([, n]) => n > 0)
    .map(([reason, n]) => `${String(n)} ${reason.replace('_', ' ')}`);
  const summary = `${String(rows.length)} of ${count(read, 'completion')} kept; left out: ${reasons.join(', ') || 'none'}`;
  if (rows.length === 0)
    throw new GlossaError('DATA_EMPTY', summary, { hint: 'ask for less, or draw more completions' });
  await writeFileAtomic(options.out, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ out: options.out, kept: rows.length, read, left_out: leftOut })}\n`
      : `${summary}\n${options.out}\n`,
  );
}
