import { GlossaError } from '../base/error.js';
import type { HubFile } from './listing.js';

export interface Choice {
  /** Globs over the path; given, they replace the choice by kind. */
  include: readonly string[];
  exclude: readonly string[];
}

/** Of a model: what the engine, its tokenizer and those who open our folders read. At the root only: `original/` is a copy. */
const MODEL_FILES = [
  /^(?:config|generation_config)\.json$/,
  /^(?:tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json$/,
  /^(?:merges|vocab)\.txt$/,
  /^(?:tokenizer|spiece|sentencepiece\.bpe)\.model$/,
  /^chat_template\.(?:jinja|json)$/,
  // `consolidated` is a second copy of the weights under other names.
  /^(?!consolidated)[^/]+\.safetensors(?:\.index\.json)?$/,
];
const DATA_FILES = [/\.(?:jsonl|ndjson|json)(?:\.gz)?$/i, /\.(?:parquet|csv)$/i];
const OTHER_WEIGHTS = /\.(?:bin|pt|pth|gguf|h5|msgpack|onnx)$/i;

/**
 * The files to fetch.
 *
 * @throws GlossaError HUB_NO_SAFETENSORS of a model with weights of another kind; HUB_NO_FILES where nothing is left.
 */
export function chooseFiles<F extends Pick<HubFile, 'path'>>(
  files: readonly F[],
  type: 'model' | 'dataset',
  { include, exclude }: Choice,
  repository: string,
): F[] {
  const wanted = include.length > 0 ? include.map(globPattern) : type === 'model' ? MODEL_FILES : DATA_FILES;
  const unwanted = exclude.map(globPattern);
  const chosen = files.filter(
    ({ path }) => wanted.some((pattern) => pattern.test(path)) && !unwanted.some((pattern) => pattern.test(path)),
  );
  const whole = type === 'model' && include.length === 0 && exclude.length === 0;
  if (whole && !chosen.some(({ path }) => path.endsWith('.safetensors'))) {
    const others = files.filter(({ path }) => OTHER_WEIGHTS.test(path)).map(({ path }) => path);
    throw new GlossaError(
      'HUB_NO_SAFETENSORS',
      `${repository}: no .safetensors weights at its root${others.length > 0 ? `, only ${others.slice(0, 3).join(', ')}` : ''}`,
      {
        hint: 'a pickle can run code and is not read: convert it with Transformers (save_pretrained), or look for a revision with safetensors; --include fetches single files',
      },
    );
  }
  if (chosen.length === 0) {
    const kind =
      include.length > 0 ? include.join(', ') : type === 'model' ? 'a model file' : '.jsonl, .json, .parquet or .csv';
    throw new GlossaError('HUB_NO_FILES', `${repository}: none of its ${String(files.length)} files is ${kind}`, {
      hint: `name them with --include, for example --include ${JSON.stringify(files[0]?.path ?? '*')}`,
    });
  }
  return chosen;
}

/** As in Python's fnmatch: `*` and `?` match any character, also a slash; a folder's name with a slash is all that is in it. */
export function globPattern(glob: string): RegExp {
  const text = (glob.endsWith('/') ? `${glob}*` : glob).replace(/\*+/g, '*');
  const parts = text.match(/\*|\?|\[!?\]?[^\]]*\]|[^]/gu) ?? [];
  const pattern = parts.map((part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 2 && part.startsWith('[')) {
      const negated = part[1] === '!';
      const set = part.slice(negated ? 2 : 1, -1).replace(/[\\\]^[]/g, '\\$&');
      return `[${negated ? '^' : ''}${set}]`;
    }
    return part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  });
  try {
    return new RegExp(`^${pattern.join('')}$`, 'su');
  } catch {
    throw new GlossaError('USAGE', `${glob}: not a pattern; expected * ? and [a-z]`);
  }
}
