import { defined } from '../base/defined.js';
import type { LabModelSettings } from '../config/index.js';
import { demoRecipe, PRETRAIN_RATES, type LabSettings } from '../lab/index.js';

/** The lab settings that a config's `model.lab` asks for; what it leaves out is as in the demo's recipe, at the size's learning rates. */
export function labSettings(asked: LabModelSettings, runSeed: number): LabSettings {
  const recipe = demoRecipe(asked.seed ?? runSeed);
  const base = asked.control ? recipe.control : recipe.lab;
  return {
    ...base,
    ...defined({
      size: asked.size,
      vocabSize: asked.vocab_size,
      trainProblems: asked.train_problems,
      testProblems: asked.test_problems,
    }),
    problems: {
      ...base.problems,
      ...defined({
        steps: asked.problems?.steps && defined(asked.problems.steps),
        maxStart: asked.problems?.max_start,
        maxChange: asked.problems?.max_change,
        maxTotal: asked.problems?.max_total,
        operations: asked.problems?.operations,
      }),
    },
    mix: asked.mix
      ? Object.fromEntries(
          Object.entries(asked.mix).map(([language, { share, worked, code_switch: codeSwitch }]) => [
            language,
            { share, worked, codeSwitch },
          ]),
        )
      : base.mix,
    pretrain: {
      ...base.pretrain,
      ...(asked.size && PRETRAIN_RATES[asked.size]),
      ...defined({
        steps: asked.pretrain?.steps,
        batchSize: asked.pretrain?.batch_size,
        learningRate: asked.pretrain?.learning_rate,
        finalLearningRate: asked.pretrain?.final_learning_rate,
        warmupSteps: asked.pretrain?.warmup_steps,
        weightDecay: asked.pretrain?.weight_decay,
        adamBeta2: asked.pretrain?.adam_beta2,
        lossOnPrompt: asked.pretrain?.loss_on_prompt,
      }),
    },
  };
}
