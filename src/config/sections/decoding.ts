import { z } from 'zod';

const bias = z.union([z.number().min(-100).max(100), z.literal('mask')]);

/** What may be drawn, and how likely it is made, beside the model (docs/decoding.md). */
export const decodingSchema = z.strictObject({
  allow: z
    .union([z.literal('target'), z.array(z.string()).min(1)])
    .optional()
    .meta({ fallback: 'letters of every script' })
    .describe(
      "Scripts whose letters may be drawn: `target` (those of each prompt's language), names of scripts, codes of languages.",
    ),
  others: bias
    .default('mask')
    .meta({ unit: 'nats' })
    .describe(
      'What tokens with letters of other scripts get: `mask` (never drawn), or a number added to their logits.',
    ),
  also: z
    .array(z.string().min(1))
    .default([])
    .describe('Texts whose tokens stay as they are in any case, such as `boxed` or `x`.'),
  logit_bias: z
    .record(z.string(), bias)
    .default({})
    .meta({ unit: 'nats' })
    .describe('Added to the logits of single tokens: an id, or the exact text of one token, and a number or `mask`.'),
  in_eval: z
    .boolean()
    .default(false)
    .describe('Whether evaluations draw under it too; else they show what the model does by itself.'),
});
