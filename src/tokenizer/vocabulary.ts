import { GlossaError } from '../base/error.js';
import type { Tokenizer } from './types.js';

/**
 * A tokenizer's ids must all have a row in the model's embedding; rows to spare are usual (Qwen pads 151,665 to 151,936).
 *
 * @throws GlossaError MODEL_VOCABULARY naming both sizes.
 */
function checkVocabulary(tokenizer: { vocabSize: number; dir: string }, model: { vocab: number; place: string }): void {
  if (tokenizer.vocabSize <= model.vocab) return;
  throw new GlossaError(
    'MODEL_VOCABULARY',
    `the tokenizer in ${tokenizer.dir} has ${String(tokenizer.vocabSize)} ids, and the model of ${model.place} embeds only ${String(model.vocab)}`,
    { hint: "use the tokenizer the model was trained with: it lies in the model's own folder" },
  );
}

/**
 * The tokenizer for a model: with the end tokens that the model can draw. The others would never come; a warning for them says
 * in which files they may stand.
 *
 * @throws GlossaError MODEL_VOCABULARY, as {@link checkVocabulary}.
 */
export function fitToModel(
  tokenizer: Tokenizer,
  dir: string,
  model: { vocab: number; place: string },
): { tokenizer: Tokenizer; warnings: string[] } {
  checkVocabulary({ vocabSize: tokenizer.vocabSize, dir }, model);
  const eosIds = tokenizer.eosIds.filter((id) => id >= 0 && id < model.vocab);
  const beyond = tokenizer.eosIds.filter((id) => !eosIds.includes(id));
  if (beyond.length === 0) return { tokenizer, warnings: [] };
  const left = eosIds.length === 0 ? '; none is left, so that only the budget ends a completion' : '';
  const warning =
    `${dir}: end token ${beyond.join(', ')} (eos_token_id of generation_config.json or config.json) is not among the ` +
    `model's ${String(model.vocab)} ids and is left out${left}`;
  return { tokenizer: { ...tokenizer, eosIds }, warnings: [warning] };
}
