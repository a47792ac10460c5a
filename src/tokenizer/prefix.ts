import { componentsOf, invalid, type Component, type TokenizerFile } from './tokenizer_file.js';

/**
 * The ids that the post-processor puts before a single text. `add_bos_token` of tokenizer_config.json changes nothing where there
 * is a tokenizer.json, as in Transformers.
 */
export function prefixIdsOf(file: TokenizerFile, path: string): number[] {
  return componentsOf(file.post_processor).flatMap((part) => {
    if (part.type === 'BertProcessing' || part.type === 'RobertaProcessing')
      return [(part['cls'] as [string, number])[1]];
    return part.type === 'TemplateProcessing' ? templatePrefix(part, path) : [];
  });
}

function templatePrefix(part: Component, path: string): number[] {
  const single = (part['single'] ?? []) as { SpecialToken?: { id: string }; Sequence?: unknown }[];
  const tokens = (part['special_tokens'] ?? {}) as Record<string, { ids: number[] } | undefined>;
  const textAt = single.findIndex(({ Sequence }) => Sequence !== undefined);
  return single.slice(0, Math.max(0, textAt)).flatMap(({ SpecialToken }) => {
    if (SpecialToken === undefined) return [];
    const ids = tokens[SpecialToken.id]?.ids;
    if (ids === undefined)
      throw invalid(
        path,
        `: post_processor puts ${JSON.stringify(SpecialToken.id)} before a text, and does not list its ids`,
      );
    return ids;
  });
}
