import type { RecordBatch } from 'apache-arrow';
import { isFiltered, type ResolvedConfig } from '../config/index.js';
import type { Problem } from '../data/types.js';
import type { DecodingLaw } from '../decoding/index.js';
import type { GenerateRequest, RolloutColumns, SamplerLaw } from '../engine/types.js';

type Biases = Pick<SamplerLaw, 'logitBias' | 'biasOf'>;

/** What the completions of a step are drawn from. Where that is not the model's own distribution, it is recorded. */
export function samplingLaw(
  { grpo }: ResolvedConfig,
  decoding: DecodingLaw | undefined,
  problems: readonly Problem[],
): Pick<GenerateRequest, 'temperature' | 'topK' | 'topP' | 'minP' | 'logitBias' | 'biasOf' | 'ofLaw'> {
  const { temperature, top_k: topK, top_p: topP, min_p: minP } = grpo;
  const filtered = isFiltered(grpo);
  if (!filtered && !decoding) return { temperature };
  return {
    temperature,
    ...(filtered && { topK, topP, minP }),
    ...biases(
      decoding,
      problems.map(({ language }) => language),
    ),
    ofLaw: true,
  };
}

/** Of each completion of a generation. */
export function rowBiases(
  decoding: DecodingLaw | undefined,
  { promptIndex }: Pick<RolloutColumns, 'promptIndex'>,
  problems: readonly Problem[],
): Biases {
  return biases(
    decoding,
    Array.from(promptIndex, (index) => problems[index]!.language),
  );
}

/** Of rows [start, end) of a graded batch, by its column `language`. */
export function stepBiases(
  decoding: DecodingLaw | undefined,
  batch: RecordBatch,
  [start, end]: readonly [number, number],
): Biases {
  if (!decoding) return {};
  const languages = batch.getChild('language')!;
  return biases(
    decoding,
    Array.from({ length: end - start }, (_, i) => String(languages.get(start + i))),
  );
}

function biases(decoding: DecodingLaw | undefined, languages: readonly string[]): Biases {
  return decoding ? { logitBias: decoding.logitBias, biasOf: decoding.biasOf(languages) } : {};
}
