import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import { GlossaError } from '../base/error.js';
import type { HubSettings } from './settings.js';
import { stopIfAborted, Transient, type RetryContext } from './retry.js';

export interface Hub extends RetryContext {
  settings: HubSettings;
}

/** What is asked for, as an error message calls it. */
export interface Subject {
  /** `org/name`, `datasets/org/name@revision`. */
  repository: string;
  revision: string;
  /** Path in the repository; undefined of its listing. */
  file?: string;
  /** Page where a licence is accepted. */
  page: string;
}

export interface Answer {
  /** 200, 206 or 416. */
  status: number;
  /** Of the last answer. */
  headers: Headers;
  /** Of the first answer where there were redirects: there the hub itself says what it redirects to. */
  first: Headers;
  /** Each chunk in time, or Transient. */
  body: AsyncGenerator<Uint8Array>;
}

const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_REDIRECTS = 8;

/**
 * One request with its redirects, and `use` of what comes. The token goes to the origin of the endpoint and to no other.
 *
 * @throws Transient where another try may help; GlossaError HUB_DENIED (401, 403), HUB_NOT_FOUND (404), HUB_REFUSED, HUB_TLS,
 *   ABORTED; what `use` throws.
 */
export async function request<T>(
  hub: Hub,
  url: string,
  { subject, method = 'GET', range }: { subject: Subject; method?: 'GET' | 'HEAD'; range?: number },
  use: (answer: Answer) => Promise<T>,
): Promise<T> {
  const { settings, signal } = hub;
  const home = new URL(settings.endpoint).origin;
  const watch = new StallWatch(settings.stallSeconds, signal);
  let at = new URL(url);
  let first: Headers | undefined;
  try {
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const fail = (error: unknown) => networkFailure(error, at, subject, watch, signal);
      const response = await send(at, method, watch.signal, {
        'user-agent': 'glossa',
        // A compressed body has no ranges that mean anything, and a length that is not the file's.
        'accept-encoding': 'identity',
        ...(settings.token !== undefined && at.origin === home && { authorization: `Bearer ${settings.token}` }),
        ...(range !== undefined && { range: `bytes=${String(range)}-` }),
      }).catch((error: unknown) => {
        throw fail(error);
      });
      const { statusCode: status = 0 } = response;
      const headers = new Headers(response.headers as Record<string, string>);
      first ??= headers;
      if (status === 200 || status === 206 || status === 416)
        return await use({ status, headers, first, body: chunks(response, watch, fail) });
      response.resume();
      if (!REDIRECTS.includes(status)) throw refusal(status, headers, subject, hub);
      at = redirectTarget(at, headers.get('location'), subject);
    }
    throw new GlossaError('HUB_REFUSED', `${describe(subject)}: more than ${String(MOST_REDIRECTS)} redirects`);
  } finally {
    // Ends what was not read to its end too.
    watch.end();
  }
}

/** @throws GlossaError HUB_REFUSED where it leads nowhere, or from https to http. */
export function redirectTarget(from: URL, location: string | null, subject: Subject): URL {
  const target = location !== null && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const sound =
    target && /^https?:$/.test(target.protocol) && !(from.protocol === 'https:' && target.protocol === 'http:');
  if (!sound || target.username || target.password)
    throw new GlossaError(
      'HUB_REFUSED',
      `${describe(subject)}: ${from.origin} redirects to where glossa does not follow`,
      {
        hint: 'only http(s) addresses are followed, and never from https to http',
      },
    );
  return target;
}

/**
 * The head of an answer. Not by `fetch`: in Node 20 a read of its body stayed pending for good, at times, where the request was
 * aborted after the last piece had come and before the end was seen.
 */
function send(url: URL, method: string, signal: AbortSignal, headers: OutgoingHttpHeaders): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === 'https:' ? https : http;
    request(url, { method, headers, signal }).once('response', resolve).on('error', reject).end();
  });
}

async function* chunks(
  response: IncomingMessage,
  watch: StallWatch,
  failure: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  const pieces = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    watch.begin();
    const next = await pieces.next().catch((error: unknown) => {
      throw failure(error);
    });
    watch.pause();
    if (next.done) return;
    yield next.value;
  }
}

/** The hub's status as an error: what is missing or not allowed, and what to do. */
function refusal(status: number, headers: Headers, subject: Subject, { settings, clock }: Hub): Error {
  const { repository, revision, file, page } = subject;
  const code = headers.get('x-error-code');
  if (status === 429 || status === 408 || status >= 500)
    return new Transient(
      'HUB_BUSY',
      `${describe(subject)}: the hub answers ${String(status)}`,
      retryAfter(headers, clock.now()),
    );
  if (status === 403 || code === 'GatedRepo') {
    const hint =
      settings.token === undefined
        ? `accept the licence at ${page} and set HF_TOKEN`
        : `accept the licence at ${page} with the account whose token is used, and let the token read gated repositories`;
    return new GlossaError(
      'HUB_DENIED',
      `${describe(subject)}: the hub does not give it to everybody (${String(status)})`,
      { hint },
    );
  }
  if (status === 401) {
    const [what, hint] =
      settings.token === undefined
        ? ['it is private or not there', 'check the name; for a private one set HF_TOKEN']
        : ['it is not there, or not for this token', 'check the name, and that the token is still good'];
    return new GlossaError('HUB_DENIED', `${describe(subject)}: the hub answers 401: ${what}`, { hint });
  }
  if (status !== 404) return new GlossaError('HUB_REFUSED', `${describe(subject)}: the hub answers ${String(status)}`);
  if (code === 'RevisionNotFound')
    return new GlossaError('HUB_NOT_FOUND', `${repository}: there is no revision ${revision}`, {
      hint: `${page} lists branches and tags`,
    });
  if (file !== undefined && code !== 'RepoNotFound')
    return new GlossaError('HUB_NOT_FOUND', `${repository}: there is no file ${file} at revision ${revision}`);
  const kind = repository.startsWith('datasets/') ? 'data set' : 'model';
  return new GlossaError('HUB_NOT_FOUND', `${repository}: the hub has no such ${kind}`, {
    hint: kind === 'model' ? `check the name; a data set is datasets/${repository}` : 'check the name',
  });
}

/** Retry-After in milliseconds: seconds, or a date. */
function retryAfter(headers: Headers, now: number): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  const wait = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

function networkFailure(error: unknown, at: URL, subject: Subject, watch: StallWatch, signal: AbortSignal): unknown {
  stopIfAborted(signal);
  if (error instanceof GlossaError || error instanceof Transient) return error;
  // Without its query, which on a content network is a signature.
  const place = `${describe(subject)}: ${at.host}`;
  if (watch.stalled) return new Transient('HUB_UNREACHABLE', `${place} sent nothing for ${String(watch.seconds)} s`);
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code ?? message;
  if (/CERT|TLS|SSL|SELF_SIGNED|ISSUER/.test(reason))
    return new GlossaError('HUB_TLS', `${place}: its certificate is not accepted (${reason})`, {
      hint: 'behind a proxy that opens https, name its certificate in NODE_EXTRA_CA_CERTS',
    });
  return new Transient('HUB_UNREACHABLE', `${place}: the connection failed (${reason})`);
}

function describe({ repository, file }: Subject): string {
  return file === undefined ? repository : `${repository}: ${file}`;
}

/** Aborts a request that has been silent for too long, or with `outer`; time in which nobody reads does not count. */
class StallWatch {
  stalled = false;
  private readonly over = new AbortController();
  private readonly abort = () => {
    this.over.abort();
  };
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly seconds: number,
    private readonly outer: AbortSignal,
  ) {
    if (outer.aborted) this.abort();
    outer.addEventListener('abort', this.abort);
    this.begin();
  }

  get signal(): AbortSignal {
    return this.over.signal;
  }

  begin(): void {
    this.pause();
    this.timer = setTimeout(() => {
      this.stalled = true;
      this.abort();
    }, this.seconds * 1000);
  }

  pause(): void {
    clearTimeout(this.timer);
  }

  end(): void {
    this.pause();
    this.outer.removeEventListener('abort', this.abort);
    this.abort();
  }
}
