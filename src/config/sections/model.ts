import { z } from 'zod';
import { languageName } from '../../language/table.js';
import { demoRecipe } from '../../lab/recipe.js';
import { PRETRAIN_RATES } from '../../lab/sizes.js';
import { LAB_LANGUAGES, type LabLanguage } from '../../lab/types.js';
import { count, positive, seed, share, weight } from './numbers.js';
import { path } from './texts.js';

// What a config leaves out is as in the demo's recipe: its numbers are the defaults.
const { lab } = demoRecipe(0);
const bySize = (rate: 'learningRate' | 'finalLearningRate') =>
  Object.entries(PRETRAIN_RATES)
    .map(([size, rates]) => `${String(rates[rate])} (${size})`)
    .join(', ');

const labProblems = z.strictObject({
  steps: z
    .strictObject({
      '1': weight.default(lab.problems.steps['1'] ?? 0).describe('Of problems of one step.'),
      '2': weight.default(lab.problems.steps['2'] ?? 0).describe('Of two.'),
      '3': weight.default(lab.problems.steps['3'] ?? 0).describe('Of three.'),
      '4': weight.default(lab.problems.steps['4'] ?? 0).describe('Of four.'),
    })
    .prefault({})
    .describe('How often a problem has that many arithmetic steps; the weights need not sum to 1.'),
  max_start: count.min(2).default(lab.problems.maxStart).describe('Largest quantity at the start.'),
  max_change: count.default(lab.problems.maxChange).describe('Largest quantity gained or lost in one event.'),
  max_total: count.min(2).default(lab.problems.maxTotal).describe('Largest quantity a story may reach.'),
  operations: z
    .array(z.enum(['add', 'subtract', 'multiply', 'divide']))
    .min(1)
    .default([...lab.problems.operations])
    .describe('Which operations may occur; add or subtract among them.'),
});

const worked = share.describe('Of its own-language solutions, the share worked step by step; the others are short.');
const codeSwitch = share.describe('Of its questions, the share answered by the English worked solution.');

const corpus = weight.describe("The language's part of the corpus, by its questions; parts need not sum to 1.");

/** What the model reads in a language: as in the recipe where that has it; else the share must be given. */
function mixOf(language: LabLanguage) {
  const name = languageName(language);
  const recipe = lab.mix[language];
  if (!recipe) {
    const joining = z.strictObject({ share: corpus, worked: worked.default(0), code_switch: codeSwitch.default(0) });
    return joining.nullable().optional().describe(`${name}, where given.`);
  }
  return z
    .strictObject({
      share: corpus.default(recipe.share),
      worked: worked.default(recipe.worked),
      code_switch: codeSwitch.default(recipe.codeSwitch),
    })
    .nullable()
    .prefault({})
    .describe(`${name}; null leaves it out.`);
}

const labMix = z
  .strictObject(
    Object.fromEntries(LAB_LANGUAGES.map((language) => [language, mixOf(language)])) as Record<
      LabLanguage,
      ReturnType<typeof mixOf>
    >,
  )
  .prefault({})
  .describe("What the model reads in each language. A language that is given joins the recipe's English and Korean.");

const labPretrain = z.strictObject({
  steps: count.default(lab.pretrain.steps).meta({ unit: 'steps' }).describe('Optimizer steps.'),
  batch_size: count.default(lab.pretrain.batchSize).meta({ unit: 'problems' }).describe('Fresh problems a step.'),
  learning_rate: positive
    .max(1e6)
    .optional()
    .meta({ unit: 'a step', fallback: bySize('learningRate') })
    .describe('Peak.'),
  final_learning_rate: z
    .number()
    .min(0)
    .max(1e6)
    .optional()
    .meta({ unit: 'a step', fallback: bySize('finalLearningRate') })
    .describe('At the last step.'),
  warmup_steps: z
    .int()
    .min(0)
    .default(lab.pretrain.warmupSteps)
    .meta({ unit: 'steps' })
    .describe('From 0 to the peak.'),
  weight_decay: z
    .number()
    .min(0)
    .max(1e6)
    .default(lab.pretrain.weightDecay)
    .meta({ unit: 'factor' })
    .describe('AdamW, decoupled.'),
  adam_beta2: z
    .number()
    .min(0)
    .max(0.9999999)
    .default(lab.pretrain.adamBeta2)
    .meta({ unit: 'factor' })
    .describe('AdamW.'),
  loss_on_prompt: z.boolean().default(lab.pretrain.lossOnPrompt).describe('Loss on the question as well.'),
});

/** A model pre-trained on the spot on made word problems. What is left out is as in the demo's recipe. */
export const labModelSchema = z.strictObject({
  seed: seed.optional().meta({ fallback: "the run's seed" }).describe('Of pre-training.'),
  control: z
    .boolean()
    .default(false)
    .describe("The demo's control: `code_switch` counts as 0 in every language, whatever `mix` says."),
  size: z.enum(['tiny', 'small', 'base']).default(lab.size).describe('About 0.2, 1 or 10 million parameters.'),
  vocab_size: z
    .int()
    .min(260)
    .max(100_000)
    .default(lab.vocabSize)
    .meta({ unit: 'ids' })
    .describe('Of the tokenizer made with it.'),
  problems: labProblems.prefault({}).describe('How hard the problems are.'),
  mix: labMix,
  pretrain: labPretrain.prefault({}).describe('How it is pre-trained.'),
  train_problems: count
    .default(lab.trainProblems)
    .meta({ unit: 'problems' })
    .describe('In the train split, a language.'),
  test_problems: count.default(lab.testProblems).meta({ unit: 'problems' }).describe('In the test split, a language.'),
});

/** A fresh model: random weights by the run's seed, somebody else's tokenizer. */
export const initModelSchema = z.strictObject({
  config: z
    .union([path, z.record(z.string(), z.unknown())])
    .describe('A Hugging Face config.json: its path, or the object itself.'),
  tokenizer: path.describe('Folder with tokenizer.json and tokenizer_config.json.'),
});

export const modelSchema = z.strictObject({
  path: path
    .optional()
    .describe(
      'Hugging Face folder (config.json, model.safetensors, tokenizer files), or `org/name[@revision]` after `npx glossa fetch`.',
    ),
  lab: labModelSchema
    .optional()
    .describe(
      "Pre-train a lab model (or take it from the cache); `{}` is the demo's. Beside `path` it only makes the problems of `data`.",
    ),
  adapter: path
    .optional()
    .describe(
      "Folder of a LoRA adapter in PEFT's layout that training begins with, beside the model, which must be the one that it was made for. Its rank, alpha and layers are taken; where `lora` is given, they must be the same.",
    ),
  init: initModelSchema.optional().describe('Random weights for a given config.json and tokenizer.'),
  trainable: z
    .array(z.string().min(1, 'expected a pattern of tensor names'))
    .min(1, 'expected at least one pattern; ["*"] trains everything')
    .default(['*'])
    .describe(
      'Which tensors train: patterns of their names in the checkpoint, `*` for any characters and `?` for one. A tensor trains if it matches a pattern (where all begin with `!`: in any case) and none that begins with `!`, as in `["model.layers.*", "!*norm*"]`. The others keep their bytes, and have no gradient and no optimizer state.',
    ),
  cache: path.default('runs/lab').describe('Where lab models are kept, from the working folder.'),
});

export type ModelSettings = z.output<typeof modelSchema>;
export type LabModelSettings = z.output<typeof labModelSchema>;

/** `model` of any version's config with the defaults of this one; as it is where this version cannot read it. */
export function modelWithDefaults(raw: unknown): unknown {
  const parsed = modelSchema.safeParse(raw);
  return parsed.success ? parsed.data : raw;
}

/** The languages that a lab model reads. */
export function mixLanguages(mix: LabModelSettings['mix']): LabLanguage[] {
  return LAB_LANGUAGES.filter((language) => mix[language] != null);
}
