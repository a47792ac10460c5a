import { resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { applyOverride, LAB, labModelOf, parseWithin } from '../config/index.js';
import { pretrainLab } from '../lab/index.js';
import { labSettings } from '../inputs/index.js';
import { numberOption } from './arguments.js';
import { Display, progressMode } from './display.js';
import { duration, figure } from './format.js';
import { onInterrupt } from './interrupt.js';
import { showTraining } from './train_display.js';

export interface LabOptions {
  seed: string;
  size: string;
  control?: boolean;
  set: string[];
  cache: string;
  json?: boolean;
  progress: string;
}

export async function labCommand(options: LabOptions): Promise<void> {
  const seed = numberOption('seed', options.seed, { min: 0, whole: true });
  const raw: Record<string, unknown> = { seed, size: options.size, control: options.control ?? false };
  const overrides = options.set.map((text) => parseWithin(LAB, text));
  for (const override of overrides) applyOverride(raw, override, LAB);
  const settings = labSettings(labModelOf(raw, overrides), seed);
  const display = new Display(progressMode(options.progress));
  const tell = showTraining(display);
  // There is nothing to save on the way: the first Ctrl-C ends it.
  const interrupt = onInterrupt(() => undefined);
  try {
    const result = await pretrainLab(settings, {
      cacheDir: resolve(options.cache),
      signal: interrupt.stop,
      onProgress: (progress) => {
        tell({ type: 'pretrain', progress });
      },
    });
    display.end();
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else
      process.stdout.write(
        `${result.dir}\n${figure(result.parameters / 1e6)} M parameters, final loss ${figure(result.finalLoss)}, ${result.cached ? 'found in the cache' : `pre-trained in ${duration(result.seconds)}`}\n`,
      );
  } catch (error) {
    display.end();
    throw error instanceof GlossaError && error.code === 'ABORTED'
      ? new GlossaError('ABORTED', 'pre-training was stopped; nothing is left of it', { cause: error })
      : error;
  } finally {
    interrupt.restore();
  }
}
