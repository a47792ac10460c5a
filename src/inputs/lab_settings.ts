import { mixLanguages, type LabModelSettings } from '../config/index.js';
import { PRETRAIN_RATES, type LabSettings } from '../lab/index.js';

/** The lab settings that a config's `model.lab` asks for; the learning rates go with the size. */
export function labSettings(asked: LabModelSettings, runSeed: number): LabSettings {
  const { problems, mix, pretrain, size, control } = asked;
  const { steps } = problems;
  return {
    seed: asked.seed ?? runSeed,
    size,
    vocabSize: asked.vocab_size,
    problems: {
      steps: Object.fromEntries(Object.entries(steps).filter(([, weight]) => weight > 0)),
      maxStart: problems.max_start,
      maxChange: problems.max_change,
      maxTotal: problems.max_total,
      operations: problems.operations,
    },
    mix: Object.fromEntries(
      mixLanguages(mix).map((language) => {
        const { share, worked, code_switch: codeSwitch } = mix[language]!;
        return [language, { share, worked, codeSwitch: control ? 0 : codeSwitch }];
      }),
    ),
    pretrain: {
      steps: pretrain.steps,
      batchSize: pretrain.batch_size,
      learningRate: pretrain.learning_rate ?? PRETRAIN_RATES[size].learningRate,
      finalLearningRate: pretrain.final_learning_rate ?? PRETRAIN_RATES[size].finalLearningRate,
      warmupSteps: pretrain.warmup_steps,
      weightDecay: pretrain.weight_decay,
      adamBeta2: pretrain.adam_beta2,
      lossOnPrompt: pretrain.loss_on_prompt,
    },
    trainProblems: asked.train_problems,
    testProblems: asked.test_problems,
  };
}
