import { z } from 'zod';
import { LAB_LANGUAGES } from '../../lab/types.js';
import { LANGUAGES } from '../../language/types.js';
import { isModule, VERIFIER_NAMES } from '../../answer/types.js';
import { count } from './numbers.js';
import { path } from './texts.js';

const language = z.enum(LANGUAGES);

/** The problems written beside a lab model: made, checked, and disjoint by split. */
export const labProblemsSchema = z.strictObject({
  language: z.enum(LAB_LANGUAGES).default('ko').describe('Language of question and solution.'),
  split: z.enum(['train', 'test']).default('train').describe('The test split shares no problem with pre-training.'),
});

const field = (fallback: string, text: string) =>
  z
    .string()
    .min(1)
    .optional()
    .meta({ fallback: `\`${fallback}\`` })
    .describe(text);

const source = {
  path: path
    .optional()
    .describe(
      '.jsonl, .jsonl.gz or .parquet; a relative path counts from the config file. Or `datasets/org/name/file` after `npx glossa fetch`.',
    ),
  lab: labProblemsSchema
    .optional()
    .describe("The lab model's own problems instead of a file; needs model.lab, and a language of its mix."),
  fields: z
    .strictObject({
      id: field('id', 'Names the problem.'),
      question: field('question', 'What the prompt is made of.'),
      answer: field('answer', 'The gold answer.'),
      language: field('lang', 'Language of the question.'),
      solution: field('solution', 'Kept, and not used.'),
    })
    .optional()
    .describe("Our field to the file's field, where the file calls it something else."),
  language: language.optional().describe('Of a file without a language field; a filter where it has one.'),
  limit: count
    .optional()
    .meta({ unit: 'problems', fallback: 'all' })
    .describe('At most this many, from the start of the file; rows that are skipped do not count.'),
  verifier: z
    .string()
    .refine((name) => (VERIFIER_NAMES as readonly string[]).includes(name) || isModule(name), {
      error: `expected ${VERIFIER_NAMES.join(', ')}, or the path of a module (.mjs, .js or .ts)`,
    })
    .optional()
    .meta({ fallback: '`number`' })
    .describe(
      'What decides whether an answer is right: `number`, `choice` (the letter of an option), `mathematics` (expressions, tuples, intervals, sets, matrices, equations, words), or the path of a module that returns true, false or null.',
    ),
  on_bad_row: z.enum(['error', 'skip']).default('error').describe('Stop at a bad row, or count it and go on.'),
};

export const trainSourceSchema = z.strictObject({
  ...source,
  weight: z
    .number()
    .min(0)
    .max(1e6)
    .default(1)
    .meta({ unit: 'times an epoch' })
    .describe('How often each problem comes in an epoch: 2 is twice, 0.5 once in two epochs, 0 never.'),
});
export const evalSourceSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'expected up to 100 letters, digits, . _ and - only')
    .describe('Name of the suite; part of file names.'),
  ...source,
});

export const dataSchema = z.strictObject({
  train: z
    .array(trainSourceSchema)
    .min(1)
    .optional()
    .meta({ fallback: 'required; with model.lab `[{"lab":{}}]`, its Korean problems' })
    .describe('Problems to train on.'),
  eval: z.array(evalSourceSchema).default([]).describe('Held-out suites.'),
});

export type TrainSource = z.output<typeof trainSourceSchema>;
export type DataSource = Omit<TrainSource, 'weight'> & { weight?: number };
export type EvalSource = z.output<typeof evalSourceSchema>;
