import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Of } from '../base/checksum.js';
import { createEngine } from '../engine/index.js';
import type { Engine } from '../engine/types.js';
import { loadTokenizer } from '../tokenizer/index.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { beginUnfinished, readCached, settle, writeCached, type LabRecord } from './cache.js';
import { checkMix, corpusBatch } from './corpus.js';
import { generateProblems } from './problems.js';
import { modelConfigJson } from './sizes.js';
import { writeTokenizer } from './tokenizer_files.js';
import type { LabLanguage, LabSettings, PretrainProgress, PretrainSettings, PretrainedLab, Split } from './types.js';

/** Part of the hash: raised whenever the same settings would give other bits (a sentence told differently, say). */
const RECIPE_VERSION = 2;

const CACHE_DIR = 'runs/lab';

export interface PretrainOptions {
  /** Folder of finished models; default runs/lab. */
  cacheDir?: string;
  /** Cores; never changes a result. */
  threads?: number;
  signal?: AbortSignal;
  onProgress?: (progress: PretrainProgress) => void;
  /** Told where a model of the cache is damaged and is made anew. */
  onDamage?: (message: string) => void;
}

/**
 * Pre-trains a lab model, or finds the one that the same settings gave before, if every file of it has its checksum. The
 * folder appears whole or not at all.
 * Errors: LAB_SETTINGS, ABORTED, and the engine's own.
 */
export async function pretrainLab(settings: LabSettings, options: PretrainOptions = {}): Promise<PretrainedLab> {
  checkMix(settings.mix);
  const hash = recipeHash(settings);
  const cacheDir = options.cacheDir ?? CACHE_DIR;
  const dir = join(cacheDir, hash);
  const { record, damage } = await readCached(dir);
  if (record !== undefined) return { dir, hash, cached: true, ...outcome(record) };
  if (damage !== undefined) options.onDamage?.(`${dir}: ${damage}; the model is made anew`);

  const unfinished = await beginUnfinished(cacheDir, hash);
  try {
    const made = await makeModel(unfinished, settings, options);
    await settle(unfinished, dir);
    return { dir, hash, cached: false, ...outcome(made) };
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Whether the cache has the whole model that these settings give. */
export async function isPretrained(settings: LabSettings, cacheDir: string): Promise<boolean> {
  return (await readCached(join(cacheDir, recipeHash(settings)))).record !== undefined;
}

const outcome = ({
  parameters,
  finalLoss,
  seconds,
}: LabRecord): Pick<PretrainedLab, 'parameters' | 'finalLoss' | 'seconds'> => ({
  parameters,
  finalLoss,
  seconds,
});

/** The first 16 hexadecimal digits of the SHA-256 of the settings, their keys in order. */
export function recipeHash(settings: LabSettings): string {
  const canonical = JSON.stringify({ version: RECIPE_VERSION, settings }, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return sha256Of(canonical).slice(0, 16);
}

async function makeModel(dir: string, settings: LabSettings, options: PretrainOptions): Promise<LabRecord> {
  const begun = performance.now();
  await writeTokenizer(dir, settings);
  const tokenizer = await loadTokenizer(dir);
  await writeProblems(join(dir, 'problems'), settings);
  const { threads } = options;
  const engine = await createEngine(
    modelConfigJson(settings.size, tokenizer.vocabSize),
    BigInt(settings.seed),
    threads === undefined ? {} : { threads },
  );
  try {
    const finalLoss = await pretrain(engine, tokenizer, settings, options);
    await engine.saveWeights(dir);
    const record: LabRecord = {
      version: RECIPE_VERSION,
      settings,
      parameters: engine.info().parameters,
      finalLoss,
      seconds: (performance.now() - begun) / 1000,
    };
    await writeCached(dir, record);
    return record;
  } finally {
    await engine.dispose();
  }
}

/** Writes `<split>.<language>.jsonl` for each language: {id, question, answer, solution, lang, steps} a line. */
async function writeProblems(dir: string, settings: LabSettings): Promise<void> {
  await mkdir(dir);
  const counts: Record<Split, number> = { train: settings.trainProblems, test: settings.testProblems };
  for (const [split, count] of Object.entries(counts) as [Split, number][]) {
    const languages = Object.keys(settings.mix) as LabLanguage[];
    const problems = generateProblems(settings.problems, { seed: settings.seed, split, count, languages });
    for (const language of languages) {
      const lines = problems
        .filter((problem) => problem.language === language)
        .map(({ id, question, answer, solutions, steps }) =>
          JSON.stringify({ id, question, answer, solution: solutions.worked, lang: language, steps }),
        );
      await writeFile(join(dir, `${split}.${language}.jsonl`), `${lines.join('\n')}\n`);
    }
  }
}

/** Runs the optimizer steps; returns the mean loss of the last tenth of them. */
async function pretrain(
  engine: Engine,
  tokenizer: Tokenizer,
  settings: LabSettings,
  { signal, onProgress }: PretrainOptions,
): Promise<number> {
  const { steps, batchSize, weightDecay, adamBeta2, lossOnPrompt } = settings.pretrain;
  const begun = performance.now();
  const batchOf = (step: number) => corpusBatch(settings, tokenizer, step * batchSize, batchSize);
  let batch = await batchOf(0);
  let tokens = 0;
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const running = engine.supervisedStep(
      {
        ...batch,
        lossOnPrompt,
        weightDecay,
        adamBeta2,
        learningRate: learningRateAt(settings.pretrain, step),
      },
      signal === undefined ? {} : { signal },
    );
    // The next batch is made while this one is computed. The step settles first, so that its failure is the one reported.
    const settled = running.catch(() => undefined);
    const next = step + 1 < steps ? await batchOf(step + 1) : batch;
    await settled;
    const metrics = await running;
    batch = next;
    tokens += metrics.tokens;
    losses.push(metrics.loss);
    const tokensPerSecond = (tokens * 1000) / (performance.now() - begun);
    onProgress?.({ step: step + 1, steps, loss: metrics.loss, tokens, tokensPerSecond });
  }
  const last = losses.slice(-Math.max(1, Math.floor(steps / 10)));
  return last.reduce((sum, loss) => sum + loss, 0) / last.length;
}

/** Linear warm-up to the peak, then half a cosine to the final rate. */
export function learningRateAt(settings: PretrainSettings, step: number): number {
  const { steps, warmupSteps, learningRate, finalLearningRate } = settings;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const done = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
  return finalLearningRate + (learningRate - finalLearningRate) * 0.5 * (1 + Math.cos(Math.PI * done));
}
