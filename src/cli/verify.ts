import { verifyRun, type Verified } from '../verify/index.js';
import { numberOption } from './arguments.js';
import { openDisplay } from './display.js';
import { count } from './format.js';
import { onInterrupt } from './interrupt.js';
import { showTraining } from './train_display.js';

export interface VerifyCommandOptions {
  step?: string;
  acceptChanges?: boolean;
  json?: boolean;
  progress: string;
}

/** Exits with 1 where something is otherwise. */
export async function verifyCommand(run: string, given: VerifyCommandOptions): Promise<number> {
  const { step, acceptChanges = false, json, progress } = given;
  const asked = step === undefined ? {} : { step: numberOption('step', step, { min: 1, whole: true }) };
  const display = openDisplay(progress);
  // There is nothing to save: the first Ctrl-C ends it.
  const interrupt = onInterrupt(() => undefined);
  try {
    const verified = await verifyRun({
      run,
      acceptChanges,
      tell: showTraining(display),
      abort: interrupt.stop,
      ...asked,
    });
    display.end();
    process.stdout.write(json ? `${JSON.stringify(verified)}\n` : `${textOf(run, verified)}\n`);
    return verified.same ? 0 : 1;
  } catch (error) {
    display.end();
    throw error;
  } finally {
    interrupt.restore();
  }
}

function textOf(run: string, { from, to, same, lines, files, weights, apart }: Verified): string {
  const played = `${run}, played again ${from === 0 ? 'from its beginning' : `from its checkpoint of step ${String(from)}`} to step ${String(to)}`;
  const compared = [
    `${count(lines, 'line')} of metrics`,
    `${count(files, 'file')} of completions and evaluations`,
    ...(weights ? [`weights and optimizer after step ${String(to)}`] : []),
  ].join(', ');
  if (same) return `${played}: the same, to the bit (${compared})`;
  return [
    `${played}: not the same (compared: ${compared})`,
    ...apart.map(({ step, what }) => `  step ${String(step)}: ${what}`),
  ].join('\n');
}
