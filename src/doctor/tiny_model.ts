/** config.json of a model that is small enough to test with at once: odd sizes, grouped queries, tied head, biases. */
export function tinyModel(): string {
  return JSON.stringify({
    model_type: 'qwen2',
    vocab_size: 515,
    hidden_size: 56,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 14,
    intermediate_size: 100,
    max_position_embeddings: 256,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    initializer_range: 0.2,
    tie_word_embeddings: true,
    hidden_act: 'silu',
    use_sliding_window: false,
  });
}
