import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Repository {
  type: 'model' | 'dataset';
  id: string;
  commit: string;
  /** Branches and tags, all at `commit`. */
  refs: string[];
  files: Record<string, { bytes: Buffer; lfs: boolean }>;
}

export interface Asked {
  /** The hub itself, or the content network that it redirects large files to, which has another origin. */
  server: 'hub' | 'cdn';
  method: string;
  path: string;
  range: string | undefined;
  authorization: string | undefined;
}

/** What to do in place of the right thing; what is not given is done right. */
export interface Fault {
  status?: number;
  headers?: Record<string, string>;
  /** Sent in place of the file. */
  body?: Buffer | string;
  /** The connection is cut after so many bytes of the body. */
  dropAfter?: number;
  /** The body ends properly after so many bytes. */
  endAfter?: number;
  /** Said in Content-Length. */
  length?: number;
  /** After so many bytes nothing comes any more. */
  hangAfter?: number;
  /** 200 and the whole file, whatever range was asked for. */
  ignoreRange?: boolean;
  contentRange?: string;
  /** Milliseconds between pieces of 16 kB. */
  pause?: number;
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
export const gitBlob = (bytes: Buffer): string =>
  createHash('sha1')
    .update(`blob ${String(bytes.length)}\0`)
    .update(bytes)
    .digest('hex');

/** Bytes that repeat nowhere, so that a wrong offset shows. */
export function bytesOf(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** The Hugging Face hub as its documents and the Python library describe it, on the loopback, and its content network. */
export class SimulatedHub {
  readonly asked: Asked[] = [];
  /** Decides on each request in turn. */
  fault: (asked: Asked, count: number) => Fault | undefined = () => undefined;
  private readonly servers: Record<'hub' | 'cdn', Server>;
  private readonly repositories: Repository[] = [];

  private constructor() {
    const serve = (server: 'hub' | 'cdn') =>
      createServer((request, response) => {
        this.answer(server, request, response).catch(() => response.destroy());
      });
    this.servers = { hub: serve('hub'), cdn: serve('cdn') };
  }

  static async start(...repositories: Repository[]): Promise<SimulatedHub> {
    const hub = new SimulatedHub();
    hub.repositories.push(...repositories);
    for (const server of Object.values(hub.servers)) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    return hub;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${String((this.servers.hub.address() as AddressInfo).port)}`;
  }

  private get cdn(): string {
    return `http://127.0.0.1:${String((this.servers.cdn.address() as AddressInfo).port)}`;
  }

  async close(): Promise<void> {
    for (const server of Object.values(this.servers)) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  }

  repository(id: string): Repository {
    return this.repositories.find((each) => each.id === id)!;
  }

  /** Requests for bytes of files. */
  downloads(): Asked[] {
    return this.asked.filter(({ method, path }) => method === 'GET' && !path.startsWith('/api/'));
  }

  private async answer(server: 'hub' | 'cdn', request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request;
    const { range, authorization } = headers;
    const asked: Asked = { server, method, path, range, authorization };
    this.asked.push(asked);
    const count = this.asked.filter((other) => other.server === server && other.path === path).length;
    const fault = this.fault(asked, count) ?? {};
    if (fault.status !== undefined) {
      response.writeHead(fault.status, fault.headers).end(fault.body ?? 'no');
      return;
    }
    const { pathname } = new URL(path, 'http://hub');
    if (server === 'cdn') return this.sendLarge(pathname, range, fault, response);
    const [repository, rest] = this.find(pathname);
    if (!repository) return refuse(response, 404, 'RepoNotFound');
    const [, kind, revision = '', ...parts] = rest.split('/').map(decodeURIComponent);
    if (revision !== repository.commit && !repository.refs.includes(revision))
      return refuse(response, 404, 'RevisionNotFound');
    if (kind === 'revision') {
      response.setHeader('content-type', 'application/json');
      response.end(fault.body ?? JSON.stringify(listing(repository)));
      return;
    }
    const file = repository.files[parts.join('/')];
    if (!file) return refuse(response, 404, 'EntryNotFound');
    response.setHeader('x-repo-commit', repository.commit);
    if (file.lfs) {
      const name = sha256(file.bytes);
      response.writeHead(302, {
        location: `${this.cdn}/${name}?signature=secret`,
        'x-linked-etag': `"${name}"`,
        'x-linked-size': String(file.bytes.length),
        etag: '"something-else"',
      });
      response.end();
      return;
    }
    response.setHeader('etag', `"${gitBlob(file.bytes)}"`);
    if (method === 'HEAD') response.setHeader('content-length', file.bytes.length).end();
    else await send(response, file.bytes, range, fault);
  }

  private find(path: string): [Repository | undefined, string] {
    for (const repository of this.repositories) {
      const { type, id } = repository;
      for (const root of [`/api/${type}s/${id}`, `/${type === 'dataset' ? 'datasets/' : ''}${id}`]) {
        if (path.startsWith(`${root}/`)) return [repository, path.slice(root.length)];
      }
    }
    return [undefined, ''];
  }

  private async sendLarge(
    path: string,
    range: string | undefined,
    fault: Fault,
    response: ServerResponse,
  ): Promise<void> {
    const files = this.repositories.flatMap(({ files }) => Object.values(files));
    const file = files.find(({ bytes }) => `/${sha256(bytes)}` === path);
    if (!file) return refuse(response, 403, '');
    await send(response, file.bytes, range, fault);
  }
}

function listing({ id, commit, files }: Repository): object {
  const siblings = Object.entries(files).map(([rfilename, { bytes, lfs }]) => ({
    rfilename,
    size: bytes.length,
    // Of a large file git knows a pointer.
    blobId: lfs ? gitBlob(Buffer.from(`pointer to ${rfilename}`)) : gitBlob(bytes),
    ...(lfs && { lfs: { sha256: sha256(bytes), size: bytes.length, pointerSize: 134 } }),
  }));
  return { id, sha: commit, siblings };
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, code ? { 'x-error-code': code } : {}).end();
}

async function send(response: ServerResponse, whole: Buffer, range: string | undefined, fault: Fault): Promise<void> {
  const content = fault.body === undefined ? whole : Buffer.from(fault.body);
  const from = range === undefined || fault.ignoreRange ? 0 : Number(/^bytes=(\d+)-$/.exec(range)![1]);
  if (range !== undefined && from >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${String(content.length)}` }).end();
    return;
  }
  const body = content.subarray(from);
  const partial = range !== undefined && !fault.ignoreRange;
  const contentRange =
    fault.contentRange ?? `bytes ${String(from)}-${String(content.length - 1)}/${String(content.length)}`;
  const length = fault.length ?? (fault.endAfter === undefined ? body.length : Math.min(fault.endAfter, body.length));
  // Written by hand, for node:http does not lie about lengths.
  const socket = response.socket!;
  const head = [
    partial ? 'HTTP/1.1 206 Partial Content' : 'HTTP/1.1 200 OK',
    `content-length: ${String(length)}`,
    ...(partial ? [`content-range: ${contentRange}`] : []),
    'connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const end = Math.min(fault.dropAfter ?? fault.endAfter ?? fault.hangAfter ?? body.length, body.length);
  if (fault.pause === undefined) socket.write(body.subarray(0, end));
  else {
    for (let at = 0; at < end && !socket.destroyed; at += 16_000) {
      socket.write(body.subarray(at, Math.min(at + 16_000, end)));
      await sleep(fault.pause);
    }
  }
  if (fault.hangAfter !== undefined) return;
  if (fault.dropAfter === undefined) socket.end();
  else {
    // What was written reaches the other side before the reset does.
    await sleep(20);
    socket.resetAndDestroy();
  }
}
