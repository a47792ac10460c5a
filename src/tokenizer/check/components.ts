import { GlossaError } from '../../base/error.js';
import { invalid, LISTS, PARTS, type Component, type Part, type TokenizerFile } from '../tokenizer_file.js';
import { checkCharsmap } from './charsmap.js';
import { checkExpression } from './expression.js';

/** Types of the library, version 0.23, by the part of tokenizer.json that they stand in. */
const TYPES: Record<Part, readonly string[]> = {
  normalizer: [
    ...['BertNormalizer', 'ByteLevel', 'Lowercase', 'NFC', 'NFD', 'NFKC', 'NFKD', 'Nmt', 'Precompiled', 'Prepend'],
    ...['Replace', 'Sequence', 'Strip', 'StripAccents'],
  ],
  pre_tokenizer: [
    ...['BertPreTokenizer', 'ByteLevel', 'CharDelimiterSplit', 'Digits', 'FixedLength', 'Metaspace', 'Punctuation'],
    ...['Sequence', 'Split', 'UnicodeScripts', 'Whitespace', 'WhitespaceSplit'],
  ],
  post_processor: ['BertProcessing', 'ByteLevel', 'RobertaProcessing', 'Sequence', 'TemplateProcessing'],
  decoder: [
    ...['BPEDecoder', 'ByteFallback', 'ByteLevel', 'CTC', 'Fuse', 'Metaspace', 'Replace', 'Sequence', 'Strip'],
    'WordPiece',
  ],
};
/** Sequences within sequences; published files have one or two. */
const DEEPEST = 16;

export async function checkComponents(file: TokenizerFile, path: string): Promise<void> {
  for (const part of PARTS) {
    if (file[part] !== null) await check(file[part], { part, place: part, path, depth: 0 });
  }
}

interface Place {
  part: Part;
  /** Such as pre_tokenizer.pretokenizers[1]. */
  place: string;
  path: string;
  depth: number;
}

async function check(component: unknown, at: Place): Promise<void> {
  const { part, place, path, depth } = at;
  const type = (component as Partial<Component> | null)?.type;
  if (typeof type !== 'string') throw invalid(path, `: ${place} has no type`);
  if (!TYPES[part].includes(type)) {
    throw new GlossaError(
      'TOKENIZER_UNSUPPORTED',
      `${path}: ${place} is of type ${JSON.stringify(type)}, which the tokenizer library does not know`,
      {
        hint: `what may stand there: ${TYPES[part].join(', ')}`,
      },
    );
  }
  const settings = component as Component;
  if (type === 'Sequence') {
    const list = settings[LISTS[part]];
    if (!Array.isArray(list)) throw invalid(path, `: ${place} is a Sequence without ${LISTS[part]}`);
    if (depth === DEEPEST) throw invalid(path, `: ${place} is nested too deep`);
    for (const [i, inner] of list.entries())
      await check(inner, { ...at, place: `${place}.${LISTS[part]}[${String(i)}]`, depth: depth + 1 });
  } else await checkSettings(settings, at);
}

/** Settings with which the library ends the process, at once or for some texts. */
async function checkSettings(settings: Component, { part, place, path }: Place): Promise<void> {
  const { type } = settings;
  if (type === 'FixedLength' && settings['length'] === 0)
    throw invalid(path, `: ${place}.length is 0, expected 1 or more`);
  if (type === 'Strip' && part === 'decoder' && settings['stop'] !== 0) {
    throw new GlossaError(
      'TOKENIZER_UNSUPPORTED',
      `${path}: ${place}.stop is ${JSON.stringify(settings['stop'])}; the library fails at short tokens unless it is 0`,
      {
        hint: 'set it to 0 in the file if the tokenizer was not trained with it',
      },
    );
  }
  if (type === 'Precompiled') checkCharsmap(settings['precompiled_charsmap'], place, path);
  const expression = (settings['pattern'] as { Regex?: unknown } | undefined)?.Regex;
  if (expression !== undefined) await checkExpression(expression, `${place}.pattern.Regex`, path);
}
