import { GlossaError } from '../base/error.js';

/**
 * A tokenizer's ids must all have a row in the model's embedding; rows to spare are usual (Qwen pads 151,665 to 151,936).
 *
 * @throws GlossaError MODEL_VOCABULARY naming both sizes.
 */
export function checkVocabulary(
  tokenizer: { vocabSize: number; dir: string },
  model: { vocab: number; place: string },
): void {
  if (tokenizer.vocabSize <= model.vocab) return;
  throw new GlossaError(
    'MODEL_VOCABULARY',
    `the tokenizer in ${tokenizer.dir} has ${String(tokenizer.vocabSize)} ids, and the model of ${model.place} embeds only ${String(model.vocab)}`,
    { hint: "use the tokenizer the model was trained with: it lies in the model's own folder" },
  );
}
