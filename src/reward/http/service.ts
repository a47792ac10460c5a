import type { OutgoingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { GlossaError } from '../../base/error.js';
import { timed } from '../../base/timeline.js';
import { failedCall, GradingBatch, type Asked, type BatchCost, type Called, type FunctionInput } from '../asked.js';
import { closedError } from '../closed.js';
import type { RewardCalls, RewardInput, RewardSettings } from '../types.js';
import { readAnswer } from './answer.js';
import { headersOf } from './headers.js';
import { post, ServiceFault } from './post.js';

const DEFAULTS = { timeout: 30, batch_size: 32, retries: 2 };
/** Requests at a time. */
const AT_ONCE = 4;
/** Milliseconds before the first further try; twice as long before each other. */
const FIRST_WAIT = 500;
/** Of an answer: what there is room for beside 64 bytes a completion. */
const MOST_BYTES = 2 ** 20;
/** Requests that may fail in one batch; one that failed at every try is as many, for the others would too. */
const MOST_COST = 6;

/** A call that waits for a request. */
interface Waiting {
  rows: readonly FunctionInput[];
  batch: BatchCost;
  done: (called: Called[]) => void;
  fail: (error: Error) => void;
}

/** A reward that a service gives, asked by HTTP: docs/rewards.md has the protocol. */
export class HttpService implements Asked {
  readonly calls: RewardCalls;
  readonly #reward: RewardSettings;
  readonly #url: URL;
  readonly #limits: typeof DEFAULTS;
  readonly #headers: OutgoingHttpHeaders;
  readonly #closing = new AbortController();
  readonly #queue: Waiting[] = [];
  #underway = 0;
  /** Numbers of requests that are not under way. */
  readonly #places = Array.from({ length: AT_ONCE }, (_, i) => AT_ONCE - i);

  private constructor(reward: RewardSettings) {
    const { timeout, batch_size, retries } = reward;
    this.#reward = reward;
    this.calls = reward.calls ?? 'completion';
    this.#url = new URL(reward.url!);
    this.#limits = {
      timeout: timeout ?? DEFAULTS.timeout,
      batch_size: this.calls === 'completion' ? (batch_size ?? DEFAULTS.batch_size) : 1,
      retries: retries ?? DEFAULTS.retries,
    };
    this.#headers = headersOf(reward);
  }

  /** Asks it about no completion, which it must answer with no rewards. Errors: REWARD_SERVICE. */
  static async open(reward: RewardSettings): Promise<HttpService> {
    const service = new HttpService(reward);
    const [failed] = await service.#ask([], 1);
    if (failed === undefined || !('error' in failed)) return service;
    throw new GlossaError('REWARD_SERVICE', `reward ${reward.name}: ${failed.error.message}`, {
      hint: 'start it, or look at its url; before a run it is asked about an empty list of completions (docs/rewards.md)',
    });
  }

  async call(calls: readonly (readonly FunctionInput[])[], together = new GradingBatch()): Promise<Called[][]> {
    if (this.#closing.signal.aborted) throw closedError();
    const batch = together.of(this);
    const called = calls.map(
      (rows) => new Promise<Called[]>((done, fail) => this.#queue.push({ rows, batch, done, fail })),
    );
    this.#next();
    return Promise.all(called);
  }

  close(): Promise<void> {
    this.#closing.abort();
    for (const { fail } of this.#queue.splice(0)) fail(closedError());
    return Promise.resolve();
  }

  /** What waits together goes together, as many as one request may have. */
  #next(): void {
    while (this.#queue.length > 0 && this.#underway < AT_ONCE) {
      const { batch } = this.#queue[0]!;
      const others = this.#queue.findIndex((waiting) => waiting.batch !== batch);
      const end = Math.min(this.#limits.batch_size, others < 0 ? Infinity : others);
      void this.#request(this.#queue.splice(0, end), batch);
    }
  }

  async #request(calls: readonly Waiting[], batch: BatchCost): Promise<void> {
    const rows = calls.flatMap((call) => call.rows);
    this.#underway++;
    const place = this.#places.pop()!;
    const told = { track: `service ${this.#reward.name}, request ${place}`, args: { completions: rows.length } };
    const called =
      batch.cost < MOST_COST
        ? await timed({ name: 'ask', ...told }, () => this.#ask(rows as RewardInput[], rows.length, batch))
        : failedCall(rows, { message: `not asked: it failed too often in this batch, the last time: ${batch.last}` });
    this.#underway--;
    this.#places.push(place);
    if (this.#closing.signal.aborted) return calls.forEach(({ fail }) => fail(closedError()));
    let from = 0;
    for (const call of calls) call.done(called.slice(from, (from += call.rows.length)));
    this.#next();
  }

  /** One request with its further tries. Where it fails, the error is that of `width` rows. */
  async #ask(rows: readonly RewardInput[], width: number, batch?: BatchCost): Promise<Called[]> {
    const { name, settings = {} } = this.#reward;
    const { timeout, retries } = this.#limits;
    const completions = rows.map(({ settings: _settings, ...row }) => row);
    const body = JSON.stringify({ reward: name, settings, completions });
    const options = {
      headers: this.#headers,
      timeout,
      most: MOST_BYTES + 64 * rows.length,
      signal: this.#closing.signal,
    };
    for (let tries = 1; ; tries++) {
      try {
        return readAnswer(await post(this.#url, body, options), rows.length).map((value) => this.#placed(value));
      } catch (error) {
        const fault =
          error instanceof ServiceFault ? error : new ServiceFault(`cannot be asked: ${String(error)}`, false);
        const wait = fault.wait ?? FIRST_WAIT * 2 ** (tries - 1);
        const again = fault.transient && tries <= retries && (fault.wait ?? 0) <= timeout * 1000;
        if (again && !this.#closing.signal.aborted) {
          await sleep(wait, undefined, { signal: this.#closing.signal }).catch(() => undefined);
          continue;
        }
        const message = `${this.#url.href} ${fault.message}${tries > 1 ? ` (tried ${String(tries)} times)` : ''}`;
        if (batch) {
          batch.cost += fault.transient ? MOST_COST : 1;
          batch.last = message;
        }
        return failedCall(Array.from({ length: width }), { message });
      }
    }
  }

  #placed(called: Called): Called {
    return 'value' in called ? called : { error: { message: `${this.#url.href} ${called.error.message}` } };
  }
}
