import { GlossaError } from '../base/error.js';
import { componentsOf } from './tokenizer-file.js';
import type { TokenizerFile } from './tokenizer-file.js';

/** The two kinds that are exact: BPE over bytes spelt as letters (GPT-2), and BPE that falls back to `<0xAB>` (Llama 2). */
export type TokenizerKind = 'byte-level' | 'byte-fallback';

/** The kind of a tokenizer, or TOKENIZER_UNSUPPORTED with the name of what is not computed exactly. */
export function tokenizerKind(file: TokenizerFile, dir: string): TokenizerKind {
  const model = file.model.type ?? ('merges' in file.model ? 'BPE' : 'unknown');
  if (model !== 'BPE') throw unsupported(dir, `its model is ${model}`);
  if ((file.model.dropout ?? 0) > 0) throw unsupported(dir, 'its BPE drops merges at random');
  const preTokenizers = componentsOf(file.pre_tokenizer).map((component) => component.type);
  if (preTokenizers.includes('Metaspace')) throw unsupported(dir, 'its pre-tokenizer is Metaspace');

  const decoders = componentsOf(file.decoder);
  const types = decoders.map((component) => component.type);
  if (types.length === 1 && types[0] === 'ByteLevel') return 'byte-level';
  const replaces = decoders.filter(({ type }) => type === 'Replace');
  const known = ['Replace', 'ByteFallback', 'Fuse', 'Strip'];
  const fallback = file.model.byte_fallback === true && types.includes('ByteFallback');
  if (fallback && types.every((type) => known.includes(type)) && replaces.every(turnsUnderscoreToSpace)) {
    return 'byte-fallback';
  }
  throw unsupported(dir, `its decoder is ${types.join(', ') || 'missing'}`);
}

function turnsUnderscoreToSpace(component: Record<string, unknown>): boolean {
  return (component.pattern as { String?: string }).String === '▁' && component.content === ' ';
}

function unsupported(dir: string, reason: string): GlossaError {
  return new GlossaError('TOKENIZER_UNSUPPORTED', `the tokenizer in ${dir} is not of a supported kind: ${reason}`, {
    hint: 'byte-level and byte-fallback BPE are supported: Llama 3, Qwen2.5, Qwen3, OLMo 2 and their like',
  });
}
