// Writes the seeds that the fuzz targets begin with: `node scripts/fuzz_corpus.mjs DIR` makes DIR/safetensors and DIR/config.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const dir = process.argv[2];
if (dir === undefined) {
  console.error('usage: node scripts/fuzz_corpus.mjs DIR');
  process.exit(2);
}

/** A safetensors file of this header with so many bytes of data. */
function safetensors(header, bytes) {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 37) & 255))]);
}

const tensor = (dtype, shape, from, to) => ({ dtype, shape, data_offsets: [from, to] });
const seeds = {
  safetensors: {
    empty: safetensors('{}', 0),
    one: safetensors({ a: tensor('F32', [2, 3], 0, 24) }, 24),
    types: safetensors(
      {
        __metadata__: { format: 'pt', step: '12' },
        'model.norm.weight': tensor('BF16', [4], 0, 8),
        half: tensor('F16', [2, 2], 8, 16),
        ids: tensor('I64', [1], 16, 24),
        none: tensor('F32', [0, 4], 24, 24),
        scalar: tensor('U8', [], 24, 25),
      },
      25,
    ),
    overlap: safetensors({ a: tensor('F32', [2], 0, 8), b: tensor('F32', [2], 4, 12) }, 12),
    beyond: safetensors({ a: tensor('F32', [9], 0, 36) }, 8),
    large: safetensors(`{"a":{"dtype":"F64","shape":[4503599627370496,4503599627370496],"data_offsets":[0,0]}}`, 0),
    escapes: safetensors(`{"\\ud83d\\ude00\\u0000":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  `, 4),
  },
  config: Object.fromEntries(
    [
      [
        'llama',
        {
          rope_theta: 5e5,
          rope_scaling: {
            rope_type: 'llama3',
            factor: 32,
            low_freq_factor: 1,
            high_freq_factor: 4,
            original_max_position_embeddings: 8192,
          },
          head_dim: 24,
        },
      ],
      ['qwen2', { tie_word_embeddings: true, use_sliding_window: false, torch_dtype: 'bfloat16' }],
      [
        'qwen3',
        {
          rope_parameters: { rope_type: 'default', rope_theta: 1e6 },
          layer_types: ['full_attention'],
          dtype: 'float16',
        },
      ],
      ['olmo2', { rope_scaling: null, eos_token_id: [1, 2], attention_bias: false }],
      ['mistral', { sliding_window: 8, rope_scaling: { type: 'linear', factor: 2 } }],
      ['olmo3', { layer_types: ['sliding_attention', 'full_attention'], sliding_window: 8 }],
      ['smollm3', { no_rope_layers: [0, 1], use_sliding_window: true, sliding_window: 8 }],
      ['exaone4', { sliding_window: 8, sliding_window_pattern: 2 }],
      [
        'granite',
        { embedding_multiplier: 12, residual_multiplier: 0.22, attention_multiplier: 0.0625, logits_scaling: 8 },
      ],
      [
        'gemma3_text',
        {
          rope_parameters: {
            full_attention: { rope_type: 'linear', factor: 8, rope_theta: 1e6 },
            sliding_attention: { rope_type: 'default', rope_theta: 1e4 },
          },
          sliding_window: 8,
          query_pre_attn_scalar: 168,
        },
      ],
    ].map(([model_type, more]) => [
      model_type,
      JSON.stringify({
        model_type,
        hidden_size: 48,
        intermediate_size: 96,
        num_hidden_layers: 2,
        num_attention_heads: 6,
        num_key_value_heads: 2,
        vocab_size: 101,
        max_position_embeddings: 512,
        rms_norm_eps: 1e-6,
        ...more,
      }),
    ]),
  ),
};
seeds.config.index = JSON.stringify({
  metadata: { total_size: 8 },
  weight_map: { 'a.weight': 'model-00001-of-00002.safetensors', 'b.weight': 'model-00002-of-00002.safetensors' },
});
seeds.config.outside = JSON.stringify({ weight_map: { a: '../x.safetensors', b: '/x.safetensors' } });
seeds.config.deep = '['.repeat(65) + ']'.repeat(65);
seeds.config.values = '[-0.5e-3,true,null,"\\u00e9\\n",{"":[]}]';

for (const [target, files] of Object.entries(seeds)) {
  mkdirSync(join(dir, target), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, target, name), content);
}
