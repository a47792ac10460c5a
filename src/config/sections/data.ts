import { z } from 'zod';
import { LAB_LANGUAGES } from '../../lab/types.js';
import { LANGUAGES } from '../../language/types.js';
import { isModule, VERIFIER_NAMES } from '../../answer/types.js';
import { ON_LEAK } from '../../data/leaks.js';
import { PARALLEL } from '../../data/parallel.js';
import { SUITE_NAMES } from '../../data/suites.js';
import { count, MOST_STEPS, seed, weight } from './numbers.js';
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

const fields = z
  .strictObject({
    id: field('id', 'Names the problem.'),
    question: field('question', 'What the prompt is made of; or a chat, a list of {role, content}.'),
    answer: field('answer', 'The gold answer.'),
    language: field('lang', 'Language of the question.'),
    solution: field('solution', 'Of examples: what they answer. Else kept, and not used.'),
    level: field('level', 'How hard the problem is: what `levels` names. Of lab problems, their number of steps.'),
    options: z
      .array(z.string().min(1))
      .min(2)
      .max(10)
      .optional()
      .describe('Fields of the options of a question: they are put below it, as A, B and so on.'),
  })
  .optional()
  .describe("Our field to the file's field, where the file calls it something else.");

const source = {
  path: path
    .optional()
    .describe(
      '.jsonl, .jsonl.gz, .parquet, .csv or .tsv; a relative path counts from the config file. Or `datasets/org/name/file` after `npx glossa fetch`. Or several files, read in the order of their names: a pattern, `data/train-*.parquet`, or a folder with `split`.',
    ),
  split: z
    .string()
    .regex(/^[\w.-]+$/, 'expected a word such as train')
    .optional()
    .describe('Of a folder: the files with this word in their name or folder, `train-00000-of-00002.parquet`.'),
  lab: labProblemsSchema
    .optional()
    .describe("The lab model's own problems instead of a file; needs model.lab, and a language of its mix."),
  fields,
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

const point = z.tuple([z.int().min(0).max(MOST_STEPS), weight]).meta({ title: '`[step, weight]`' });
/** A number, or `[step, weight]` points: the kinds of {@link Weight}. */
const scheduled = z.union([weight, z.array(point).min(1).max(1000)], {
  error: 'expected a number, or points such as [[0, 1], [100, 0]]: [step, weight], ...',
});

export const trainSourceSchema = z.strictObject({
  ...source,
  weight: scheduled
    .default(1)
    .meta({ unit: 'times an epoch' })
    .describe(
      'How often each problem comes in an epoch: 2 is twice, 0.5 once in two epochs, 0 never. Or points `[step, weight]` of a schedule, straight lines between them: `[[0, 1], [100, 0]]` ([data.md](data.md)).',
    ),
  levels: z
    .record(z.string().min(1), scheduled)
    .refine((levels) => Object.keys(levels).length > 0, { error: 'expected a level and its weight' })
    .optional()
    .meta({ unit: 'factor', fallback: 'all alike' })
    .describe(
      'Weights by level, times that of the set: `{ "1": 2, "5": [[0, 0], [100, 1]] }`; 1 of levels that are not named.',
    ),
});

/** Worked examples that stand before each problem. */
export const examplesSchema = z.strictObject({
  path: path.describe(
    'File of problems, as `path` of data; its solutions, else its answers, are what the examples say.',
  ),
  num: count.default(4).meta({ unit: 'examples' }).describe('The first of the file, but for the problem itself.'),
  as: z
    .enum(['turns', 'text'])
    .default('turns')
    .describe('Turns of a chat, or text before the question in one turn; without a chat template the two are one.'),
  fields,
  language: language.optional().meta({ fallback: "each problem's own" }).describe('Of the examples.'),
});

const asEval = (setting: string) => ({ fallback: `\`eval.${setting}\`` });

export const evalSourceSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'expected up to 100 letters, digits, . _ and - only')
    .optional()
    .meta({ fallback: 'the name under `suite`' })
    .describe('Name of the suite; part of file names.'),
  suite: z
    .enum(SUITE_NAMES)
    .optional()
    .describe(
      'A known suite: its fields, its verifier, its language and, without `path`, the file of the hub are those that [evaluation.md](evaluation.md) lists.',
    ),
  ...source,
  verifier: source.verifier.meta({ fallback: "the suite's, else `number`" }),
  format: z
    .string()
    .regex(/\{question\}/, 'expected a text with {question} in it')
    .optional()
    .meta({ fallback: "the suite's, else `{question}`" })
    .describe(
      'What a question becomes, with its options: `Question: {question}\\nAnswer:` for a pre-trained model, say.',
    ),
  examples: examplesSchema.optional().describe('Few-shot examples before each problem; none where absent.'),
  stop: z.array(z.string().min(1)).max(16).default([]).describe('A completion ends before the first of these texts.'),
  by: z
    .enum(['generation', 'letters'])
    .default('generation')
    .describe(
      'A question with options is answered by a completion, or by the option whose letter is the most probable next token.',
    ),
  num_samples: count
    .optional()
    .meta({ unit: 'completions', ...asEval('num_samples') })
    .describe('Completions a problem.'),
  temperature: z
    .number()
    .min(0)
    .max(1e6)
    .optional()
    .meta({ unit: 'factor', ...asEval('temperature') })
    .describe('0: greedy.'),
  top_p: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .meta({ unit: 'share', ...asEval('top_p') })
    .describe('Nucleus; 1: all.'),
  max_completion_length: count
    .optional()
    .meta({ unit: 'tokens', ...asEval('max_completion_length') })
    .describe('Of a completion, the end token included.'),
  seed: seed.optional().meta({ unit: 'none', fallback: '`seed`' }).describe('Of the draws of this suite.'),
});

export const holdOutSchema = z.strictObject({
  ids: path.optional().describe('A file of ids: one a line, or a data file with a column of them.'),
  field: z.string().min(1).default('id').describe('That column.'),
  pattern: z.string().min(1).optional().describe('Of ids: `gsm8k-test-*`; `*` is any text, `?` one character.'),
});

export const dataSchema = z.strictObject({
  train: z
    .array(trainSourceSchema)
    .min(1)
    .optional()
    .meta({ fallback: 'required; with model.lab `[{"lab":{}}]`, its Korean problems' })
    .describe('Problems to train on.'),
  eval: z.array(evalSourceSchema).default([]).describe('Held-out suites.'),
  parallel: z
    .enum(PARALLEL)
    .default('as_is')
    .describe(
      'Training problems that share an id, in several languages: each is drawn by itself; as one problem, each time in another of its languages; or as one problem in all of its languages in one step.',
    ),
  on_leak: z
    .enum(ON_LEAK)
    .default('refuse')
    .describe(
      'What happens to training problems that a suite has too, in whatever language, or that hold_out names: refuse the run, exclude them from training, or warn and train on them.',
    ),
  hold_out: z
    .array(holdOutSchema)
    .default([])
    .describe('Ids that are not trained on, besides those of the suites: a file of ids, or a pattern, each.'),
});

export type TrainSource = z.output<typeof trainSourceSchema>;
export type DataSource = Omit<TrainSource, 'weight' | 'levels'> & Partial<Pick<TrainSource, 'weight' | 'levels'>>;
export type EvalSource = z.output<typeof evalSourceSchema>;
export type ExamplesSource = z.output<typeof examplesSchema>;
