import { z } from 'zod';
import { LANGUAGES } from '../../language/types.js';

const language = z.enum(LANGUAGES);

/** The problems written beside a lab model: made, checked, and disjoint by split. */
export const labProblemsSchema = z.strictObject({
  language: language.default('ko').describe('Language of question and solution.'),
  split: z.enum(['train', 'test']).default('train').describe('The test split shares no problem with pre-training.'),
});

const source = {
  path: z
    .string()
    .optional()
    .describe(
      '.jsonl, .jsonl.gz or .parquet; a relative path counts from the config file. Or `datasets/org/name/file` after `glossa fetch`.',
    ),
  lab: labProblemsSchema.optional().describe("The lab model's own problems instead of a file; needs model.lab."),
  fields: z
    .strictObject({
      id: z.string().optional(),
      question: z.string().optional(),
      answer: z.string().optional(),
      language: z.string().optional(),
      solution: z.string().optional(),
    })
    .optional()
    .describe("Our field to the file's field. Default: id, question, answer, lang, solution."),
  language: language.optional().describe('Of a file without a language field; a filter where it has one.'),
  limit: z.int().min(1).optional().describe('At most this many rows, from the start of the file.'),
  on_bad_row: z.enum(['error', 'skip']).default('error').describe('Stop at a bad row, or count it and go on.'),
};

export const trainSourceSchema = z.strictObject({
  ...source,
  weight: z
    .number()
    .positive()
    .default(1)
    .describe('How often each problem comes in an epoch: 2 is twice, 0.5 once in two epochs.'),
});
export const evalSourceSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'letters, digits, . _ and - only')
    .describe('Name of the suite; part of file names.'),
  ...source,
});

export const dataSchema = z.strictObject({
  train: z.array(trainSourceSchema).min(1).describe('Problems to train on.'),
  eval: z.array(evalSourceSchema).default([]).describe('Held-out suites.'),
});

export type DataSource = Omit<z.output<typeof trainSourceSchema>, 'weight'> & { weight?: number };
export type EvalSource = z.output<typeof evalSourceSchema>;
