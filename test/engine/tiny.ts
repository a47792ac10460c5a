import {
  createEngine,
  rolloutColumns,
  type Engine,
  type EngineOptions,
  type GenerateRequest,
  type Ragged,
  type RolloutColumns,
} from '../../src/engine/index.js';

/** A model that takes milliseconds: 64 ids, 2 layers, context 256. */
export const TINY = {
  vocab: 64,
  context: 256,
  config: JSON.stringify({
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: 32,
    intermediate_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: 64,
    max_position_embeddings: 256,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: true,
    hidden_act: 'silu',
    initializer_range: 0.02,
  }),
};

export const createTiny = (options: EngineOptions = {}, seed = 7n): Promise<Engine> =>
  createEngine(TINY.config, seed, { threads: 1, ...options });

export function ragged(...rows: number[][]): Ragged {
  const offsets = [0];
  for (const row of rows) offsets.push((offsets.at(-1) ?? 0) + row.length);
  return { ids: Int32Array.from(rows.flat()), offsets: Int32Array.from(offsets) };
}

/** Two prompts, three completions each, up to eight ids. */
export const generateRequest = (more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  prompts: ragged([1, 2, 3], [4, 5]),
  numGenerations: 3,
  maxNewTokens: 8,
  stopIds: [0],
  seed: 11n,
  purpose: 'rollout',
  step: 0,
  ...more,
});

/** What a request draws, as typed arrays. */
export const drawn = async (engine: Engine, request: GenerateRequest): Promise<RolloutColumns> =>
  rolloutColumns(await engine.generate(request));

/** Seconds of work, for tests that stop it. */
export const longRequest = (): GenerateRequest =>
  generateRequest({ numGenerations: 20_000, maxNewTokens: 240, stopIds: [], slots: 32 });
