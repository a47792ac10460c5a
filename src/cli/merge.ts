import { GlossaError } from '../base/error.js';
import { mergeModels } from '../export/index.js';
import { numberOption, storedTypeOption } from './arguments.js';
import { warn } from './display.js';
import { figure } from './format.js';

export interface MergeCommandOptions {
  out: string;
  weights?: string;
  base?: string;
  dtype?: string;
  json?: boolean;
}

export async function mergeCommand(
  models: readonly string[],
  { out, weights, base, dtype, json }: MergeCommandOptions,
): Promise<void> {
  const type = storedTypeOption(dtype);
  const given = weightsOf(models, weights);
  const merged = await mergeModels({
    ...{ out, warn },
    models: models.map((model, i) => ({ model, weight: given[i]! })),
    ...(base !== undefined && { base }),
    ...(type && { dtype: type }),
  });
  const sum = merged.sum === 1 ? '' : `; the weights sum to ${String(merged.sum)}, not to 1`;
  process.stdout.write(
    json
      ? `${JSON.stringify(merged)}\n`
      : `${merged.dir}\n${figure(merged.parameters / 1e6)} M parameters in ${String(merged.tensors)} tensors, ${merged.dtype === 'as stored' ? 'in the types of the first model' : merged.dtype}${sum}; README.md says what went into them\n`,
  );
}

function weightsOf(models: readonly string[], text: string | undefined): number[] {
  if (text === undefined) return models.map(() => 1 / models.length);
  const weights = text.split(',').map((each) => numberOption('weights', each, { min: -1e6, max: 1e6 }));
  if (weights.length !== models.length)
    throw new GlossaError('USAGE', `--weights ${text}: ${String(weights.length)} for ${String(models.length)} models`, {
      hint: 'give one for each, with commas between: --weights 0.7,0.3',
    });
  if (weights.every((weight) => weight === 0))
    throw new GlossaError('USAGE', `--weights ${text}: one of them must be other than 0`);
  return weights;
}
