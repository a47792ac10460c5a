import { join } from 'node:path';
import { GlossaError } from '../base/error.js';
import { readTextIfThere } from '../base/read_file.js';
import { byteSymbols } from './byte-symbols.js';
import { ByteTable } from './byte-table.js';
import { splitAtControlTokens } from './control.js';
import { createEncoder, withoutNfc } from './encoder.js';
import { LibraryTokenizer } from './library.js';
import { tokenizerKind } from './kind.js';
import { componentsOf, readJsonIfThere, readTokenizerFile } from './tokenizer-file.js';
import type { TokenizerFile } from './tokenizer-file.js';
import type { ControlToken, TemplateFile, Tokenizer } from './types.js';

/**
 * Loads the tokenizer of a Hugging Face folder: tokenizer.json (or tokenizer.json.gz), tokenizer_config.json,
 * generation_config.json, config.json, chat_template.jinja. Errors: TOKENIZER_MISSING, TOKENIZER_INVALID,
 * TOKENIZER_UNSUPPORTED (another kind than byte-level or byte-fallback BPE).
 */
export async function loadTokenizer(dir: string): Promise<Tokenizer> {
  const file = await readTokenizerFile(dir);
  const kind = tokenizerKind(file, dir);
  if (kind === 'byte-level') requireEveryByte(file, dir);
  const config = ((await readJsonIfThere(join(dir, 'tokenizer_config.json'))) ?? {}) as Record<string, unknown>;
  const control = controlTokensOf(file);
  const table = new ByteTable(file, kind, control);
  const idOf = new Map([
    ...Object.entries(file.model.vocab),
    ...file.added_tokens.map(({ content, id }) => [content, id] as const),
  ]);
  // Control tokens are split off before the library sees the text; what it sees can then never become one.
  const ordinary = file.added_tokens.filter(({ id }) => !control.some((token) => token.id === id));
  const library = new LibraryTokenizer({ ...withoutNfc(file), added_tokens: ordinary }, {});
  const encodeText = createEncoder(library, file);

  return {
    vocabSize: table.size,
    eosIds: await eosIdsOf(dir, config, idOf),
    chatTemplate: await chatTemplateOf(dir, config),
    controlTokens: control,
    namedTokens: namedTokensOf(config),
    prefixIds: prefixIdsOf(file, idOf),
    encode(text, { special = false } = {}) {
      if (!special) return text === '' ? [] : encodeText(text);
      return splitAtControlTokens(text, control).flatMap((segment) =>
        'control' in segment ? [segment.control.id] : encodeText(segment.text),
      );
    },
    decode: (ids, { special = false } = {}) => table.decode(ids, special),
  };
}

/** Every added token but runs of white space, which some vocabularies add as ordinary text. */
function controlTokensOf(file: TokenizerFile): ControlToken[] {
  return file.added_tokens
    .filter(({ content }) => content.trim() !== '')
    .map(({ id, content, lstrip = false, rstrip = false, special = false }) => ({
      id,
      content,
      lstrip,
      rstrip,
      special,
    }));
}

function requireEveryByte(file: TokenizerFile, dir: string): void {
  const missing = byteSymbols().findIndex((symbol) => !(symbol in file.model.vocab));
  if (missing === -1) return;
  throw new GlossaError(
    'TOKENIZER_UNSUPPORTED',
    `the tokenizer in ${dir} has no token for byte 0x${missing.toString(16).padStart(2, '0')}, so not every text has ids`,
    { hint: 'use a byte-level tokenizer whose vocabulary holds all 256 bytes' },
  );
}

async function eosIdsOf(
  dir: string,
  config: Record<string, unknown>,
  idOf: ReadonlyMap<string, number>,
): Promise<number[]> {
  const ids: unknown[] = [];
  for (const name of ['generation_config.json', 'config.json']) {
    const file = (await readJsonIfThere(join(dir, name))) as { eos_token_id?: unknown } | undefined;
    ids.push(file?.eos_token_id);
  }
  const named = namedTokensOf(config).eos_token;
  if (named !== undefined) ids.push(idOf.get(named));
  return [...new Set(ids.flat())].filter((id): id is number => Number.isInteger(id));
}

/** bos_token and its like: text, or an object that holds it as `content`. */
function namedTokensOf(config: Record<string, unknown>): Record<string, string> {
  const named: Record<string, string> = {};
  for (const name of ['bos_token', 'eos_token', 'pad_token', 'unk_token']) {
    const value = config[name] as string | { content?: string } | null | undefined;
    const content = typeof value === 'string' ? value : value?.content;
    if (content !== undefined) named[name] = content;
  }
  return named;
}

async function chatTemplateOf(dir: string, config: Record<string, unknown>): Promise<TemplateFile | undefined> {
  const file = join(dir, 'chat_template.jinja');
  const own = await readTextIfThere(file);
  if (own !== undefined) return { path: file, text: own };
  const template = config.chat_template as string | { name: string; template: string }[] | null | undefined;
  const text: unknown = Array.isArray(template)
    ? (template.find(({ name }) => name === 'default') ?? template[0])?.template
    : template;
  const path = join(dir, 'tokenizer_config.json');
  if (text === undefined || text === null) return undefined;
  if (typeof text === 'string') return { path, text };
  throw new GlossaError('TOKENIZER_INVALID', `${path}: chat_template is ${typeof text}, expected text`, {
    hint: 'fetch the file again',
  });
}

/** The control tokens that the post-processor's template puts before a single text. */
function prefixIdsOf(file: TokenizerFile, idOf: ReadonlyMap<string, number>): number[] {
  const template = componentsOf(file.post_processor).find(({ type }) => type === 'TemplateProcessing');
  const single = (template?.single ?? []) as { SpecialToken?: { id: string }; Sequence?: unknown }[];
  const textAt = single.findIndex((part) => part.Sequence !== undefined);
  return single
    .slice(0, Math.max(0, textAt))
    .flatMap((part) => (part.SpecialToken === undefined ? [] : (idOf.get(part.SpecialToken.id) ?? [])));
}
