import { LANGUAGES, type Language } from '../language/types.js';
import type { RunSummary } from '../run/types.js';

/**
 * Languages of the training prompts, in the order of {@link LANGUAGES}: as run.json names them; of a run that does not, as its
 * metrics or else its config do. Empty where nothing tells. Held-out suites say nothing about it.
 */
export function trainingLanguages({ languages, metrics, config }: RunSummary): Language[] {
  const named = languages ?? [];
  const found = named.length > 0 ? named : inMetrics(metrics);
  return inOrder(found.length > 0 ? found : inConfig(config));
}

function inMetrics(metrics: RunSummary['metrics']): string[] {
  const found = metrics.flatMap((line) =>
    Object.keys(line).map((name) => /^language\/([a-z]{2})\/target_wr$/.exec(name)?.[1]),
  );
  return found.filter((code) => code !== undefined);
}

/** One source without a language may hold any, so then nothing is known. */
function inConfig(config: unknown): string[] {
  const { data } = (config ?? {}) as { data?: { train?: { language?: string; lab?: { language?: string } }[] } };
  const found = (Array.isArray(data?.train) ? data.train : []).map((source) => source.language ?? source.lab?.language);
  return found.every((code) => code !== undefined) ? found : [];
}

const inOrder = (codes: readonly string[]): Language[] => LANGUAGES.filter((language) => codes.includes(language));
