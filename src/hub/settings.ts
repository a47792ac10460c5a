import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { readTextSync } from '../base/read_file.js';

/** Where the hub is and where its files are kept, as the environment says. */
export interface HubSettings {
  /** HF_ENDPOINT, without a slash at its end; https://huggingface.co by default. */
  endpoint: string;
  /** HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, or `hub` in HF_HOME, which is ~/.cache/huggingface by default. */
  cache: string;
  /** HF_TOKEN, HUGGING_FACE_HUB_TOKEN, or the file of HF_TOKEN_PATH (`token` in HF_HOME). Sent to the endpoint alone. */
  token: string | undefined;
  /** HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE: nothing is asked of the network. */
  offline: boolean;
  /** Unless HF_HUB_DISABLE_SYMLINKS is set: whether a snapshot is made of symbolic links. */
  symlinks: boolean;
  /** HF_HUB_DOWNLOAD_TIMEOUT: seconds without a byte after which a connection counts as dropped; 20 by default. */
  stallSeconds: number;
}

/**
 * Reads the variables that the Python library reads, with its meanings.
 *
 * @throws GlossaError HUB_SETTINGS.
 */
export function hubSettings(env: NodeJS.ProcessEnv = process.env): HubSettings {
  const home =
    folder(env, 'HF_HOME') ?? join(folder(env, 'XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface');
  return {
    endpoint: endpointOf(given(env, 'HF_ENDPOINT') ?? 'https://huggingface.co'),
    cache: folder(env, 'HF_HUB_CACHE') ?? folder(env, 'HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub'),
    token: isTrue(env['HF_HUB_DISABLE_IMPLICIT_TOKEN'])
      ? undefined
      : tokenOf(env, folder(env, 'HF_TOKEN_PATH') ?? join(home, 'token')),
    offline: isTrue(given(env, 'HF_HUB_OFFLINE') ?? env['TRANSFORMERS_OFFLINE']),
    symlinks: !isTrue(env['HF_HUB_DISABLE_SYMLINKS']),
    stallSeconds: secondsOf(env['HF_HUB_DOWNLOAD_TIMEOUT']) ?? 20,
  };
}

/** A variable that is set to nothing counts as not set. */
function given(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

function isTrue(value: string | undefined): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes((value ?? '').toUpperCase());
}

function folder(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = given(env, name);
  return value !== undefined ? resolve(value.replace(/^~(?=\/|$)/, homedir())) : undefined;
}

function endpointOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && (url.protocol === 'https:' || url.protocol === 'http:') && !url.search && !url.hash;
  // What is between // and @ may be a password: it is not repeated in the message.
  if (!plain || url.username || url.password)
    throw new GlossaError('HUB_SETTINGS', 'HF_ENDPOINT: expected http(s)://host[:port][/path]', {
      hint: 'for example HF_ENDPOINT=https://huggingface.co; a token goes into HF_TOKEN',
    });
  return url.href.replace(/\/+$/, '');
}

function secondsOf(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new GlossaError('HUB_SETTINGS', `HF_HUB_DOWNLOAD_TIMEOUT=${text}: expected a number of seconds above 0`);
}

function tokenOf(env: NodeJS.ProcessEnv, file: string): string | undefined {
  const set = given(env, 'HF_TOKEN') ?? given(env, 'HUGGING_FACE_HUB_TOKEN');
  const [token, source] = set !== undefined ? [set.trim(), 'HF_TOKEN'] : [readToken(file), file];
  // A header with anything else is refused by fetch with a message that spells the token out.
  if (token && !/^[\x21-\x7e]+$/.test(token))
    throw new GlossaError('HUB_SETTINGS', `${source}: the token has characters that no token has`, {
      hint: 'copy it again from the settings of your account on the hub',
    });
  return token === '' ? undefined : token;
}

function readToken(path: string): string {
  try {
    return readTextSync(path).trim();
  } catch {
    return '';
  }
}
