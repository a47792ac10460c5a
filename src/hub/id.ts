import { GlossaError } from '../base/error.js';

export type RepositoryType = 'model' | 'dataset';

/** A repository of the hub at a revision. */
export interface HubId {
  type: RepositoryType;
  /** `org/name`, or `name` alone for a few old models. */
  id: string;
  /** Branch, tag or commit; `main` where none is named. */
  revision: string;
}

const PREFIX = 'datasets/';

/**
 * Reads `org/name`, `org/name@revision`, `datasets/org/name`; undefined where it is nothing of the kind. The hub's rules: at
 * most 96 characters, letters, digits, `_`, `-` and `.`, no `--` or `..`, no `-` or `.` at either end.
 */
export function parseHubId(text: string, type?: RepositoryType): HubId | undefined {
  const at = text.indexOf('@');
  const name = at < 0 ? text : text.slice(0, at);
  const revision = at < 0 ? 'main' : text.slice(at + 1);
  const prefixed = name.startsWith(PREFIX);
  if (prefixed && type === 'model') return undefined;
  const id = prefixed ? name.slice(PREFIX.length) : name;
  const parts = id.split('/');
  const sound = parts.every((part) => /^\w([\w.-]*\w)?$/.test(part) && !/--|\.\./.test(part) && !part.endsWith('.git'));
  if (parts.length > 2 || !sound || id.length > 96 || nameFault(revision) !== undefined) return undefined;
  return { type: type ?? (prefixed ? 'dataset' : 'model'), id, revision };
}

/** `datasets/org/name[@revision]/file`, as the settings of data take it. */
export function parseHubFile(text: string): { repository: HubId; file: string } | undefined {
  const match = /^(datasets\/[^/@]+\/[^/@]+(?:@[^/]+)?)\/(.+)$/.exec(text);
  const repository = match ? parseHubId(match[1]!) : undefined;
  return repository && nameFault(match![2]!) === undefined ? { repository, file: match![2]! } : undefined;
}

/** `datasets/org/name[@revision]`: a whole data set, of which settings of data name a split. */
export function parseHubDataSet(text: string): HubId | undefined {
  return /^datasets\/[^/@]+\/[^/@]+(?:@[^/]+)?$/.test(text) ? parseHubId(text) : undefined;
}

/** What the user types to mean it. */
export function hubIdText({ type, id, revision }: HubId): string {
  return `${type === 'dataset' ? PREFIX : ''}${id}${revision === 'main' ? '' : `@${revision}`}`;
}

/**
 * What makes a name that came from the hub unfit to be a path below a folder of ours; undefined where nothing does. On
 * Windows also the names of devices, and endings that Windows drops.
 */
export function nameFault(name: string, platform: NodeJS.Platform = process.platform): string | undefined {
  if (name === '') return 'it is empty';
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'it has a control character';
  if (name.includes('\\')) return 'it has a backslash';
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) return 'it is an absolute path';
  if (Buffer.byteLength(name) > 1024) return 'it is longer than 1024 bytes';
  for (const part of name.split('/')) {
    if (part === '' || part === '.' || part === '..') return `it has ${part === '' ? '//' : part} in it`;
    if (platform !== 'win32') continue;
    if (/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(part)) return `${part} is a device`;
    if (/[<>:"|?*]|[. ]$/.test(part)) return `Windows has no file called ${part}`;
  }
  return undefined;
}

/** @throws GlossaError HUB_NAME. */
export function checkName(name: string, repository: string): void {
  const fault = nameFault(name);
  if (fault !== undefined)
    throw new GlossaError('HUB_NAME', `${repository}: refused a file called ${JSON.stringify(name)}: ${fault}`, {
      hint: 'the hub would have it written outside its folder; leave it out with --exclude if you trust the rest',
    });
}
