// Small models of every family, saved as a run saves them, from config.json in each spelling of its settings, with the
// log-probabilities that the engine gives: for the Python files beside this one to hold against other programs.
//   node --import tsx scripts/exports/make.ts FOLDER [MODELS] [--further]
// With MODELS (a folder with Llama-3.2-3B-Instruct, Qwen2.5, Qwen3 and OLMo-2, each with a tokenizer) every model has a real
// vocabulary and its tokenizer beside it, which programs that serve models ask for: 1.5 GB in all. With --further there are
// models of the families too that Transformers before 5 does not all know.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEngine } from '../../src/engine/index.js';
import { copyTokenizer } from '../../src/run/index.js';

const argv = process.argv.slice(2);
const further = argv.find((arg) => arg === '--further');
const [out, models] = argv.filter((arg) => arg !== further);
if (out === undefined) throw new Error('usage: make.ts FOLDER [MODELS] [--further]');

const FAMILIES: Record<string, string> = {
  llama: 'LlamaForCausalLM',
  qwen2: 'Qwen2ForCausalLM',
  qwen3: 'Qwen3ForCausalLM',
  olmo2: 'Olmo2ForCausalLM',
};
const TOKENIZERS: Record<string, { name: string; size: number }> = {
  llama: { name: 'Llama-3.2-3B-Instruct', size: 128256 },
  qwen2: { name: 'Qwen2.5', size: 151936 },
  qwen3: { name: 'Qwen3', size: 151936 },
  olmo2: { name: 'OLMo-2', size: 100352 },
};
const llama3 = { factor: 8.5, low_freq_factor: 1.5, high_freq_factor: 4.5, original_max_position_embeddings: 32 };
const SPELLINGS: Record<string, object> = {
  old: { rope_theta: 500000.0, rope_scaling: null, torch_dtype: 'bfloat16' },
  new: { rope_parameters: { rope_type: 'default', rope_theta: 500000.0 }, dtype: 'bfloat16' },
  'llama3-old': { rope_theta: 10000.0, rope_scaling: { rope_type: 'llama3', ...llama3 }, torch_dtype: 'float32' },
  'llama3-new': { rope_parameters: { rope_type: 'llama3', rope_theta: 10000.0, ...llama3 }, dtype: 'float32' },
};
const ids = Array.from({ length: 40 }, (_, i) =>
  models === undefined ? (i * 37 + 5) % 96 : (i * 37_003 + 5) % 100_000,
);

// What else there is to a family, in the newest spelling.
const window = { sliding_window: 8, layer_types: ['sliding_attention', 'full_attention'] };
const rope = { rope_parameters: { rope_type: 'default', rope_theta: 500000.0 }, dtype: 'bfloat16' };
const ropes = {
  rope_parameters: {
    full_attention: { rope_type: 'linear', rope_theta: 1000000.0, factor: 8.0 },
    sliding_attention: { rope_type: 'default', rope_theta: 10000.0 },
  },
};
const FURTHER: Record<string, object> = {
  MistralForCausalLM: { model_type: 'mistral', ...rope, sliding_window: 8 },
  Olmo3ForCausalLM: { model_type: 'olmo3', ...ropes, ...window },
  SmolLM3ForCausalLM: { model_type: 'smollm3', ...rope, no_rope_layers: [1, 0] },
  Exaone4ForCausalLM: { model_type: 'exaone4', ...rope, ...window },
  GraniteForCausalLM: {
    model_type: 'granite',
    ...rope,
    embedding_multiplier: 3.0,
    residual_multiplier: 0.7,
    attention_multiplier: 0.3,
    logits_scaling: 2.5,
  },
  Gemma3ForCausalLM: {
    model_type: 'gemma3_text',
    ...ropes,
    ...window,
    query_pre_attn_scalar: 20,
    hidden_activation: 'gelu_pytorch_tanh',
  },
};

async function write(name: string, family: string, tied: boolean, settings: object): Promise<void> {
  const config = {
    hidden_size: 64,
    intermediate_size: 96,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 16,
    vocab_size: models === undefined ? 96 : TOKENIZERS[family]?.size,
    max_position_embeddings: 128,
    rms_norm_eps: 1e-5,
    initializer_range: 0.2,
    hidden_act: 'silu',
    tie_word_embeddings: tied,
    bos_token_id: null,
    eos_token_id: 0,
    pad_token_id: null,
    ...settings,
  };
  const dir = join(out!, name);
  mkdirSync(dir, { recursive: true });
  const engine = await createEngine(JSON.stringify(config), 7n, { threads: 1 });
  await engine.saveWeights(dir, 'float32', tied ? undefined : 40_000);
  if (models !== undefined) await copyTokenizer(join(models, TOKENIZERS[family]?.name ?? ''), dir);
  const { logps } = await engine.logprobs({
    prompts: { ids: Int32Array.from(ids.slice(0, 1)), offsets: Int32Array.of(0, 1) },
    completions: { ids: Int32Array.from(ids.slice(1)), offsets: Int32Array.of(0, ids.length - 1) },
  });
  await engine.dispose();
  writeFileSync(join(dir, 'expected.json'), JSON.stringify({ ids, logps: [...logps] }));
}

for (const [family, architecture] of Object.entries(FAMILIES)) {
  for (const [spelling, settings] of Object.entries(SPELLINGS)) {
    if (family === 'olmo2' && spelling.startsWith('llama3')) continue; // before 5 its class refuses that rope
    for (const tied of [true, false]) {
      const name = `${family}-${spelling}-${tied ? 'tied' : 'untied'}`;
      await write(name, family, tied, { architectures: [architecture], model_type: family, ...settings });
    }
  }
}
if (further !== undefined) {
  for (const [architecture, settings] of Object.entries(FURTHER)) {
    for (const tied of [true, false]) {
      const name = `${architecture}-${tied ? 'tied' : 'untied'}`;
      await write(name, 'qwen2', tied, { architectures: [architecture], ...settings });
    }
  }
}
