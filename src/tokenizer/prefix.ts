import { componentsOf, invalid, type Component, type TokenizerFile } from './tokenizer_file.js';

/**
 * The ids that stand before a single text: what the post-processor puts there, or, where tokenizer_config.json says
 * `add_bos_token` or there is no post-processor, the token named bos_token (as Transformers has it).
 */
export function prefixIdsOf(
  file: TokenizerFile,
  { path, config, bosId }: { path: string; config: Record<string, unknown>; bosId: number | undefined },
): number[] {
  const { add_bos_token: bos, add_eos_token: eos } = config;
  if (bos !== undefined || eos !== undefined || file.post_processor === null)
    return bos === true && bosId !== undefined ? [bosId] : [];
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
