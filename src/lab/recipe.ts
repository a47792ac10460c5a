import { PRETRAIN_RATES } from './sizes.js';
import type { DemoGrpo, DemoRecipe, LabSettings } from './types.js';

/** The recipe of `npx glossa demo`; docs/lab.md says what each number is for and what was tried. */
export function demoRecipe(seed: number): DemoRecipe {
  const lab: LabSettings = {
    seed,
    size: 'tiny',
    vocabSize: 640,
    problems: { steps: { '1': 1, '2': 3 }, maxStart: 9, maxChange: 6, maxTotal: 14, operations: ['add', 'subtract'] },
    mix: {
      en: { share: 0.65, worked: 1, codeSwitch: 0 },
      ko: { share: 0.35, worked: 0, codeSwitch: 0.12 },
    },
    pretrain: {
      steps: 600,
      batchSize: 32,
      ...PRETRAIN_RATES.tiny,
      warmupSteps: 20,
      weightDecay: 0.01,
      adamBeta2: 0.98,
      lossOnPrompt: false,
    },
    trainProblems: 2048,
    testProblems: 512,
  };
  const grpo: DemoGrpo = {
    steps: 40,
    promptsPerStep: 32,
    numGenerations: 8,
    learningRate: 4e-4,
    temperature: 1,
    maxCompletionLength: 64,
    lossType: 'dapo',
    scaleRewards: 'none',
    epsilon: 0.2,
    epsilonHigh: 0.2,
    beta: 0,
    maxGradNorm: 1,
  };
  return {
    target: 'ko',
    lab,
    control: { ...lab, mix: withoutCodeSwitching(lab.mix) },
    grpo,
    languageRewardWeight: 1,
    evaluation: { problems: 256, numGenerations: 2, temperature: 1, maxCompletionLength: 64 },
  };
}

function withoutCodeSwitching(mix: LabSettings['mix']): LabSettings['mix'] {
  return Object.fromEntries(Object.entries(mix).map(([language, shares]) => [language, { ...shares, codeSwitch: 0 }]));
}
