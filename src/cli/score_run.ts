import { join, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { namesIn } from '../base/folder.js';
import { suiteSettings, type ResolvedConfig } from '../config/index.js';
import { verifierNameOf } from '../data/index.js';
import { judgeAgain, type JudgeAgainSettings } from '../eval/index.js';
import { recordedConfig } from '../inputs/index.js';
import { thinkTags } from '../prompt/index.js';
import { thoughtOfPrompt } from '../reward/index.js';
import { rolloutSteps } from '../rollout/index.js';
import { checkpointSteps, readRecord, runFolder, stepOf, type EvaluationRow, type RunFolder } from '../run/index.js';
import { hasTokenizer, loadTokenizer, type Tokenizer } from '../tokenizer/index.js';
import { answerOption, numberOption, verifierOption } from './arguments.js';
import { warn } from './display.js';
import { evaluationTable } from './eval_table.js';

export interface ScoreRunOptions {
  json?: boolean;
  answer?: string;
  verifier?: string;
  rollouts?: boolean;
  step?: string;
}

/**
 * `npx glossa score RUN`: the figures of `eval` from the completions that the run has on disk, judged again. Nothing is written.
 */
export async function scoreRun(dir: string, options: ScoreRunOptions): Promise<void> {
  const only = options.step === undefined ? undefined : numberOption('step', options.step, { min: 0, whole: true });
  const given = options.verifier === undefined ? undefined : verifierOption(options.verifier);
  const config = recordedConfig(await readRecord(dir), dir);
  const answer = answerOption(options.answer ?? config.answer);
  const folder = runFolder(resolve(dir));
  const thoughtOf = thoughtsOf(config, await tokenizerOf(folder));
  const files = [
    ...(await evaluationFiles(folder, config, given, { answer, thoughtOf })),
    ...(options.rollouts ? await rolloutFiles(folder, config, given, { answer, thoughtOf }) : []),
  ];
  if (files.length === 0)
    throw new GlossaError('DATA_EMPTY', `${dir} has no completions of an evaluation`, {
      hint: options.rollouts
        ? 'rollouts.every says which generations are written'
        : '--rollouts judges those of training; `npx glossa eval RUN --data FILE` draws new ones',
    });
  const asked = files.filter(({ settings }) => only === undefined || settings.step === only);
  if (asked.length === 0) {
    const steps = [...new Set(files.map(({ settings }) => settings.step))].sort((a, b) => a - b);
    throw new GlossaError('USAGE', `--step ${String(only)}: ${dir} has nothing of that step`, {
      hint: `it has ${steps.join(', ')}`,
    });
  }
  const rows: EvaluationRow[] = [];
  for (const { path, settings } of asked) rows.push(...(await judgeAgain(path, settings)));
  process.stdout.write(
    options.json ? rows.map((row) => `${JSON.stringify(row)}\n`).join('') : `${evaluationTable(rows)}\n`,
  );
}

type Judging = Pick<JudgeAgainSettings, 'answer' | 'thoughtOf'>;

interface Judged {
  path: string;
  settings: JudgeAgainSettings;
}

/** A file for each figures of a suite, and each of completions: where one is missing, reading it says so. */
async function evaluationFiles(
  { evaluations, evaluationRows }: RunFolder,
  config: ResolvedConfig,
  given: string | undefined,
  judging: Judging,
): Promise<Judged[]> {
  const names = (await namesIn(evaluations)).flatMap((name) => /^(\d{6,}-.+)\.(?:json|parquet)$/.exec(name)?.[1] ?? []);
  return [...new Set(names)].sort().map((name): Judged => {
    const step = stepOf(name)!;
    const suite = name.slice(name.indexOf('-') + 1);
    const path = evaluationRows(step, suite);
    const source = config.data.eval.find(({ name: each }) => each === suite);
    if (source === undefined)
      throw new GlossaError('RUN_CORRUPT', `${path}: the config in run.json has no suite ${suite}`, {
        hint: `move the file away, or judge it alone: npx glossa score ${join('RUN', 'eval', `${name}.parquet`)}`,
      });
    const named = verifierNameOf(source);
    const { temperature, by } = suiteSettings(config, source);
    const verifierOf = (row: { verifier: string | undefined }) => given ?? row.verifier ?? named;
    return { path, settings: { ...judging, step, suite, temperature, by, verifierOf } };
  });
}

async function rolloutFiles(
  { rollouts, rollout }: RunFolder,
  config: ResolvedConfig,
  given: string | undefined,
  judging: Judging,
): Promise<Judged[]> {
  const { data, grpo } = config;
  const all = [...new Set(data.train.map(({ verifier }) => verifier))];
  const verifierOf: JudgeAgainSettings['verifierOf'] = ({ verifier, file }) => {
    if (given !== undefined || verifier !== undefined) return given ?? verifier;
    const source = data.train.find(({ path }) => path !== undefined && path === file);
    if (source !== undefined || all.length === 1) return source === undefined ? all[0] : source.verifier;
    throw new GlossaError('USAGE', `which verifier judged the problems of ${String(file)} is not known`, {
      hint: 'say it with --verifier',
    });
  };
  const of = { ...judging, suite: 'rollouts', temperature: grpo.temperature, by: 'generation', verifierOf } as const;
  return (await rolloutSteps(rollouts)).map((step) => ({
    path: rollout(step),
    settings: { ...of, step },
  }));
}

/** Of the newest checkpoint, or final/: how the run's prompts are spelled. Undefined where there is none that can be read. */
async function tokenizerOf(folder: RunFolder): Promise<Tokenizer | undefined> {
  const newest = (await checkpointSteps(folder)).reverse().map((step) => folder.checkpoint(step));
  const dir = [...newest, folder.final].find(hasTokenizer);
  return dir === undefined ? undefined : loadTokenizer(dir, { warn });
}

/**
 * What a run's prompts say of a thought, as the run saw it: from their ids. Without them, or without a tokenizer, what the settings
 * of the run begin is known, and not what a template opens by itself.
 */
function thoughtsOf({ prompt, levers }: ResolvedConfig, tokenizer: Tokenizer | undefined): Judging['thoughtOf'] {
  return ({ language, question, ids, hinted }) => {
    const tags = thinkTags(prompt, language);
    if (tokenizer && ids) return thoughtOfPrompt(tokenizer, { prompt: ids, question }, tags);
    const begun = tags ?? prompt.think_prefix ?? (hinted && levers.hints?.place === 'thought' ? true : undefined);
    const open = prompt.style !== 'plain' && begun !== undefined;
    return Promise.resolve(tags ? { open, tags } : open);
  };
}
