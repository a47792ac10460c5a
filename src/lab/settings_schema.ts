import { z } from 'zod';
import { LAB_LANGUAGES, OPERATIONS, type LabSettings } from './types.js';

const count = z.int().min(0);
const weight = z.number().min(0);

/** Settings as a file has them that glossa wrote; whether they go together is asked where a model is made of them. */
export const labSettingsSchema: z.ZodType<LabSettings> = z.looseObject({
  seed: count,
  size: z.enum(['tiny', 'small', 'base']),
  vocabSize: count,
  problems: z.looseObject({
    steps: z.partialRecord(z.enum(['1', '2', '3', '4']), weight),
    maxStart: count,
    maxChange: count,
    maxTotal: count,
    operations: z.array(z.enum(OPERATIONS)),
  }),
  mix: z.partialRecord(z.enum(LAB_LANGUAGES), z.looseObject({ share: weight, worked: weight, codeSwitch: weight })),
  pretrain: z.looseObject({
    steps: count,
    batchSize: count,
    learningRate: weight,
    finalLearningRate: weight,
    warmupSteps: count,
    weightDecay: weight,
    adamBeta2: weight,
    lossOnPrompt: z.boolean(),
  }),
  trainProblems: count,
  testProblems: count,
});
