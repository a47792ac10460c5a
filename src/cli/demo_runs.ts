import { join } from 'node:path';
import { GlossaError } from '../base/error.js';
import { checkRaw, type ConfigInput, type ResolvedConfig } from '../config/index.js';
import { demoRecipe, pretrainLab, type DemoRecipe, type LabSettings } from '../lab/index.js';
import { readRun, type EvaluationRow } from '../run/index.js';
import { train, type Tell } from '../trainer/index.js';

export type DemoScene = 'pretrain' | 'grpo' | 'language_reward' | 'control';

export type HeldOut = Pick<
  EvaluationRow,
  'accuracy' | 'clipped_ratio' | 'target_wr' | 'target_wr_rewarded' | 'en_wr' | 'n'
>;

export interface DemoResult {
  /** The pre-trained model, and what it is after GRPO without and with the language reward. */
  base: HeldOut;
  grpo: HeldOut;
  language_reward: HeldOut;
  /** Pre-trained without code-switching, before and after GRPO. */
  control_base: HeldOut;
  control: HeldOut;
  /** Whether pre-trained models were taken from the cache. */
  cached: boolean;
  runs: { label: string; dir: string }[];
}

export interface DemoHooks {
  abort: AbortSignal;
  scene: (scene: DemoScene) => void;
  tell: (run: string) => Tell;
}

const SUITE = 'heldout';

/** Pre-trains the two models of the recipe, trains three runs in `out`, and evaluates each on held-out problems. */
export async function runDemo(seed: number, out: string, hooks: DemoHooks): Promise<DemoResult> {
  const recipe = demoRecipe(seed);
  const cacheDir = join(out, '..', 'lab');
  const pretrain = (settings: LabSettings, label: string) => {
    const tell = hooks.tell(label);
    return pretrainLab(settings, {
      cacheDir,
      signal: hooks.abort,
      onProgress: (progress) => {
        tell({ type: 'pretrain', progress });
      },
    });
  };
  const run = async (name: Exclude<DemoScene, 'pretrain'>, lab: string) => {
    hooks.scene(name);
    const dir = join(out, name.replace('_', '-'));
    await train(demoConfig(recipe, seed, name, lab, dir), {
      overwrite: true,
      abort: hooks.abort,
      tell: hooks.tell(name.replace('_', ' ')),
    });
    return dir;
  };
  hooks.scene('pretrain');
  const base = await pretrain(recipe.lab, 'model');
  const control = await pretrain(recipe.control, 'control');
  const grpo = await run('grpo', base.dir);
  const rewarded = await run('language_reward', base.dir);
  const controlRun = await run('control', control.dir);
  return {
    base: await heldOut(grpo, 'first'),
    grpo: await heldOut(grpo, 'last'),
    language_reward: await heldOut(rewarded, 'last'),
    control_base: await heldOut(controlRun, 'first'),
    control: await heldOut(controlRun, 'last'),
    cached: base.cached && control.cached,
    runs: [
      { label: 'GRPO', dir: grpo },
      { label: 'GRPO with language reward', dir: rewarded },
      { label: 'Control: no code-switching', dir: controlRun },
    ],
  };
}

function demoConfig(
  { target, grpo, languageRewardWeight, evaluation }: DemoRecipe,
  seed: number,
  name: string,
  lab: string,
  dir: string,
): ResolvedConfig {
  const config: ConfigInput = {
    seed,
    model: { path: lab },
    data: {
      train: [{ path: join(lab, 'problems', `train.${target}.jsonl`) }],
      eval: [{ name: SUITE, path: join(lab, 'problems', `test.${target}.jsonl`), limit: evaluation.problems }],
    },
    prompt: { style: 'plain' },
    rewards: [
      { name: 'accuracy' },
      ...(name === 'language_reward' ? [{ name: 'language', weight: languageRewardWeight }] : []),
    ],
    grpo: {
      max_steps: grpo.steps,
      prompts_per_step: grpo.promptsPerStep,
      num_generations: grpo.numGenerations,
      max_completion_length: grpo.maxCompletionLength,
      temperature: grpo.temperature,
      loss_type: grpo.lossType,
      scale_rewards: grpo.scaleRewards,
      epsilon: grpo.epsilon,
      epsilon_high: grpo.epsilonHigh,
      beta: grpo.beta,
    },
    optimizer: { learning_rate: grpo.learningRate, lr_scheduler_type: 'constant', max_grad_norm: grpo.maxGradNorm },
    eval: {
      // The language-reward run begins where the first one did.
      at_start: name !== 'language_reward',
      num_samples: evaluation.numGenerations,
      temperature: evaluation.temperature,
      max_completion_length: evaluation.maxCompletionLength,
    },
    checkpoint: { every: 0, keep: 1 },
    run: { name, dir },
  };
  return checkRaw(config, { path: `${name}.yaml`, overrides: [] });
}

async function heldOut(dir: string, which: 'first' | 'last'): Promise<HeldOut> {
  const { evaluations } = await readRun(dir);
  const row = which === 'first' ? evaluations[0] : evaluations.at(-1);
  if (!row) throw new GlossaError('RUN_CORRUPT', `${dir}: the demo's evaluation is missing`);
  const { accuracy, clipped_ratio, target_wr, target_wr_rewarded, en_wr, n } = row;
  return { accuracy, clipped_ratio, target_wr, target_wr_rewarded, en_wr, n };
}
