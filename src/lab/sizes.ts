import { END_OF_TEXT_ID } from './tokenizer_files.js';
import type { LabSize, PretrainSettings } from './types.js';

interface Shape {
  hidden: number;
  layers: number;
  heads: number;
  kvHeads: number;
  ffn: number;
}

/** Llama blocks with tied embeddings; about 0.2, 1 and 10 million parameters with the vocabularies of the lab. */
const SHAPES: Record<LabSize, Shape> = {
  tiny: { hidden: 64, layers: 3, heads: 4, kvHeads: 4, ffn: 192 },
  small: { hidden: 128, layers: 5, heads: 4, kvHeads: 2, ffn: 384 },
  base: { hidden: 320, layers: 8, heads: 5, kvHeads: 5, ffn: 864 },
};

/** Peak and final learning rate of pre-training; a larger model takes smaller steps. */
export const PRETRAIN_RATES: Record<LabSize, Pick<PretrainSettings, 'learningRate' | 'finalLearningRate'>> = {
  tiny: { learningRate: 5e-3, finalLearningRate: 5e-4 },
  small: { learningRate: 2.5e-3, finalLearningRate: 2.5e-4 },
  base: { learningRate: 1e-3, finalLearningRate: 1e-4 },
};

/** Longest prompt and completion together: a four-step story and its worked solution in any language fit twice over. */
const CONTEXT = 384;

/** The text of a Hugging Face config.json for a lab model. */
export function modelConfigJson(size: LabSize, vocabSize: number): string {
  const { hidden, layers, heads, kvHeads, ffn } = SHAPES[size];
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    attention_bias: false,
    eos_token_id: END_OF_TEXT_ID,
    head_dim: hidden / heads,
    hidden_act: 'silu',
    hidden_size: hidden,
    // Four times the usual 0.02 at hidden 64: small weights cost a tiny model half of its short pre-training.
    initializer_range: 0.64 / Math.sqrt(hidden),
    intermediate_size: ffn,
    max_position_embeddings: CONTEXT,
    mlp_bias: false,
    num_attention_heads: heads,
    num_hidden_layers: layers,
    num_key_value_heads: kvHeads,
    pad_token_id: END_OF_TEXT_ID,
    rms_norm_eps: 1e-6,
    // Stories are short: a slower base leaves half of the rotations unused.
    rope_theta: 1000,
    tie_word_embeddings: true,
    torch_dtype: 'float32',
    vocab_size: vocabSize,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
