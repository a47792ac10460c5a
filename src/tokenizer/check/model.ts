import { GlossaError } from '../../base/error.js';
import { hasEveryByte, idIn, invalid, type ModelPart } from '../tokenizer_file.js';

/** No vocabulary has more ids; one beyond it is a slip. */
const MOST_IDS = 1 << 24;
/** What an id must be, for errors. */
export const ID = `a whole number from 0 to ${String(MOST_IDS)}`;
const KINDS = ['BPE', 'Unigram', 'WordPiece', 'WordLevel'];

/** Checks vocabulary, merges and unknown token. Returns the token of each id. */
export function checkModel(model: ModelPart, path: string): Map<number, string> {
  const kind = model.type ?? kindOf(model);
  if (!KINDS.includes(kind)) {
    throw new GlossaError('TOKENIZER_UNSUPPORTED', `${path}: its model is ${JSON.stringify(kind)}`, {
      hint: `the kinds of model that are known: ${KINDS.join(', ')}`,
    });
  }
  const names = checkVocabulary(model, kind, path);
  if (kind === 'BPE') checkBpe(model, path);
  checkUnknown(model, kind, path);
  return names;
}

export function isId(id: unknown): id is number {
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) <= MOST_IDS;
}

/** Old files do not say. */
function kindOf(model: ModelPart): string {
  if ('merges' in model) return 'BPE';
  if (Array.isArray(model.vocab)) return 'Unigram';
  return 'max_input_chars_per_word' in model ? 'WordPiece' : 'WordLevel';
}

function checkVocabulary(model: ModelPart, kind: string, path: string): Map<number, string> {
  const vocab: unknown = model.vocab;
  if (typeof vocab !== 'object' || vocab === null || Array.isArray(vocab) !== (kind === 'Unigram')) {
    const expected = kind === 'Unigram' ? 'a list of [token, score]' : 'an object of ids by token';
    throw invalid(path, `: model.vocab is not ${expected}`);
  }
  const names = new Map<number, string>();
  const add = (token: string, id: unknown) => {
    if (!isId(id)) throw invalid(path, `: model.vocab has id ${brief(id)} for ${brief(token)}, expected ${ID}`);
    const other = names.get(id);
    if (other !== undefined)
      throw invalid(path, `: id ${String(id)} stands for ${brief(other)} and for ${brief(token)} (model.vocab)`);
    names.set(id, token);
  };
  if (Array.isArray(vocab)) {
    for (const [at, entry] of vocab.entries()) {
      if (!isScored(entry))
        throw invalid(path, `: model.vocab[${String(at)}] is ${brief(entry)}, expected [token, score]`);
      add(entry[0], at);
    }
  } else for (const token in vocab) add(token, (vocab as Record<string, unknown>)[token]);
  if (names.size === 0) throw invalid(path, ': model.vocab is empty');
  return names;
}

function isScored(entry: unknown): entry is [string, number] {
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string' && Number.isFinite(entry[1]);
}

function checkBpe(model: ModelPart, path: string): void {
  if ((model.dropout ?? 0) > 0) {
    throw new GlossaError(
      'TOKENIZER_UNSUPPORTED',
      `${path}: model.dropout leaves out merges at random, so a text has no fixed ids`,
      {
        hint: 'set model.dropout to null in the file',
      },
    );
  }
  const merges: unknown = model.merges;
  if (!Array.isArray(merges))
    throw invalid(path, `: model.merges is ${merges === undefined ? 'missing' : 'not a list'}`);
  const prefix = model.continuing_subword_prefix ?? '';
  if (prefix === '') return;
  // The library cuts the prefix off without looking.
  for (const [at, merge] of merges.entries()) {
    const [, right] = pairOf(merge, at, path);
    if (right.startsWith(prefix)) continue;
    const reason = `${brief(right)} does not begin with ${brief(prefix)}, model.continuing_subword_prefix`;
    throw invalid(path, `: model.merges[${String(at)}]: ${reason}`);
  }
}

/** Names the merge that the library has refused; looking for it beforehand would take a fifth of the time to load. */
export function checkMerges({ merges, vocab, continuing_subword_prefix: prefix }: ModelPart, path: string): void {
  for (const [at, merge] of (merges ?? []).entries()) {
    const [left, right] = pairOf(merge, at, path);
    for (const token of [left, right, left + right.slice(prefix?.length ?? 0)]) {
      if (!Object.hasOwn(vocab, token))
        throw invalid(path, `: model.merges[${String(at)}] has the token ${brief(token)}, which model.vocab lacks`);
    }
  }
}

function pairOf(merge: unknown, at: number, path: string): [string, string] {
  const pair: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
  if (Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string'))
    return pair as [string, string];
  throw invalid(path, `: model.merges[${String(at)}] is ${brief(merge)}, expected two tokens`);
}

/** A text with an unknown character must have ids, or lose the character as the library does it: not fail while a run trains. */
function checkUnknown(model: ModelPart, kind: string, path: string): void {
  if (kind === 'Unigram') {
    const id = model.unk_id;
    if (id == null || !(id >= 0 && id < (model.vocab as unknown[]).length))
      throw invalid(path, `: model.unk_id is ${brief(id)}, expected the place of a token in model.vocab`);
    return;
  }
  const token = model.unk_token ?? (kind === 'BPE' ? undefined : kind === 'WordPiece' ? '[UNK]' : '<unk>');
  if (token === undefined || idIn(model, token) !== undefined) return;
  if (kind === 'BPE' && hasEveryByte(model)) return;
  throw invalid(path, `: model.unk_token is ${brief(token)}, which model.vocab lacks`);
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
