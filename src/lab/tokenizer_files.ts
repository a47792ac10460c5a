import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GlossaError } from '../base/error.js';
import { PRE_TOKEN_PATTERN, trainBytePairs } from './bpe.js';
import type { BytePairs } from './bpe.js';
import { generateProblems } from './problems.js';
import type { LabLanguage, LabSettings } from './types.js';

/** Ends a solution, and pads. The only control token. */
export const END_OF_TEXT = '<|endoftext|>';
export const END_OF_TEXT_ID = 0;

/** Stories whose texts the merges are learnt from; more change nothing that matters. */
const TRAINING_STORIES = 1500;

/** The control token and the 256 bytes; with no merge at all a tokenizer has as many ids. */
const SMALLEST_VOCABULARY = 257;

/**
 * The texts of tokenizer.json, tokenizer_config.json and generation_config.json, in Hugging Face's format: byte-level
 * BPE learnt from problems and solutions of the settings' languages. The same settings give the same bytes.
 */
export function trainTokenizer(
  settings: Pick<LabSettings, 'seed' | 'vocabSize' | 'problems' | 'mix'>,
): Record<string, string> {
  if (settings.vocabSize < SMALLEST_VOCABULARY) {
    throw new GlossaError(
      'LAB_SETTINGS',
      `vocabSize is ${settings.vocabSize}, and 256 bytes and one control token need ${SMALLEST_VOCABULARY}`,
      { hint: 'set vocabSize to 400 or more' },
    );
  }
  const problems = generateProblems(settings.problems, {
    seed: settings.seed,
    split: 'train',
    count: TRAINING_STORIES,
    languages: Object.keys(settings.mix) as LabLanguage[],
  });
  const texts = problems.flatMap(({ question, solutions }) => [`${question}\n`, solutions.worked, solutions.short]);
  const pairs = trainBytePairs(texts, settings.vocabSize, [END_OF_TEXT]);
  return {
    'tokenizer.json': json(tokenizerJson(pairs)),
    'tokenizer_config.json': json({
      add_prefix_space: false,
      clean_up_tokenization_spaces: false,
      eos_token: END_OF_TEXT,
      pad_token: END_OF_TEXT,
      tokenizer_class: 'PreTrainedTokenizerFast',
    }),
    'generation_config.json': json({ eos_token_id: END_OF_TEXT_ID, pad_token_id: END_OF_TEXT_ID }),
  };
}

/** Writes the tokenizer's files into an existing folder. */
export async function writeTokenizer(dir: string, settings: LabSettings): Promise<void> {
  for (const [name, text] of Object.entries(trainTokenizer(settings))) await writeFile(join(dir, name), text);
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function tokenizerJson({ tokens, merges }: BytePairs): unknown {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      {
        id: END_OF_TEXT_ID,
        content: END_OF_TEXT,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: PRE_TOKEN_PATTERN }, behavior: 'Isolated', invert: false },
        byteLevel,
      ],
    },
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}
