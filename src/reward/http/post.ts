import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';

/** What a request came to, if it came to an answer. */
export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

/** Why there is no answer that can be used, in words that follow the address. */
export class ServiceFault extends Error {
  constructor(
    message: string,
    /** Another try may help, after so many milliseconds where the service says so. */
    readonly transient: boolean,
    readonly wait?: number,
  ) {
    super(message);
  }
}

export interface PostOptions {
  headers: OutgoingHttpHeaders;
  /** Seconds from the beginning to the last byte of the answer. */
  timeout: number;
  /** Bytes of an answer. */
  most: number;
  signal: AbortSignal;
}

/** Connections stay open between requests. */
const AGENTS = { 'http:': new http.Agent({ keepAlive: true }), 'https:': new https.Agent({ keepAlive: true }) };

/**
 * Posts a text, and reads what comes, in bounded time and size. Redirects are not followed. Not by `fetch`, whose body could stay
 * pending for good where a request was aborted.
 *
 * @throws ServiceFault
 */
export function post(url: URL, body: string, { headers, timeout, most, signal }: PostOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const protocol = url.protocol as keyof typeof AGENTS;
    const { request } = protocol === 'https:' ? https : http;
    const sent = request(url, { method: 'POST', headers, signal, agent: AGENTS[protocol] });
    const fail = (message: string, transient: boolean): void => {
      clearTimeout(timer);
      reject(new ServiceFault(message, transient));
      sent.destroy();
    };
    const timer = setTimeout(() => fail(`did not answer within ${String(timeout)} s`, true), timeout * 1000);
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code ?? error.message;
      // A certificate stays what it is.
      fail(`cannot be reached: the connection failed (${reason})`, !/CERT|TLS|SSL|SELF_SIGNED|ISSUER/.test(reason));
    });
    sent.on('response', (response) => {
      const pieces: Buffer[] = [];
      let length = 0;
      response.on('data', (piece: Buffer) => {
        length += piece.length;
        if (length > most) fail(`answered with more than ${String(most)} bytes`, false);
        else pieces.push(piece);
      });
      response.on('close', () => {
        if (!response.complete) return fail('closed the connection before its answer had ended', true);
        clearTimeout(timer);
        const text = Buffer.concat(pieces).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
      response.on('error', () => undefined);
    });
    sent.end(body);
  });
}
