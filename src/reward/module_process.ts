import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { GlossaError } from '../base/error.js';
import { MODULE_CODE } from './custom.js';
import {
  lineReader,
  type Called,
  type CallError,
  type ModuleKind,
  type Reply,
  type Start,
  type Task,
} from './module_protocol.js';

/** Of a reply. A module's message is cut before it is sent. */
const LONGEST_REPLY = 1_000_000;
/** What the modules print that is passed on to standard error, of each process. */
const SHOWN_OUTPUT = 16_000;

/** How a task ended: all called, or all before a call in which the process was lost. */
export type TaskEnd = { kind: 'done' } | { kind: 'lost'; error: CallError };

export interface ProcessSettings {
  kind: ModuleKind;
  modules: readonly string[];
  /** A call's, and the start's if that is longer than 10 s. */
  timeoutMs: number;
  memoryBytes: number;
}

/** A process that runs users' modules of one kind. It does one task at a time and is of no use after a loss. */
export class ModuleProcess {
  readonly #token = randomUUID();
  readonly #child: ChildProcess;
  readonly #channel: Socket;
  readonly #exited: Promise<unknown>;
  readonly #settings: ProcessSettings;
  #onReply: (reply: Reply) => void = () => undefined;
  #onLoss: (error: CallError) => void = () => undefined;
  #lost: CallError | undefined;

  private constructor(settings: ProcessSettings) {
    this.#settings = settings;
    const sources = import.meta.url.endsWith('.ts');
    const main = fileURLToPath(new URL(`./module_main.${sources ? 'ts' : 'js'}`, import.meta.url));
    const heap = Math.ceil(settings.memoryBytes / 2 ** 20);
    const loader = sources ? ['--import', import.meta.resolve('tsx')] : [];
    // A group of its own: what a module starts ends with it, and Ctrl-C at the terminal is not for it.
    this.#child = spawn(process.execPath, [...loader, `--max-old-space-size=${heap}`, main], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#channel = this.#child.stdio[3] as Socket;
    this.#channel.setEncoding('utf8');
    this.#channel.on(
      'data',
      lineReader(
        (line) => this.#read(line),
        LONGEST_REPLY,
        () => this.#lose('wrote to the channel of its process'),
      ),
    );
    this.#channel.on('error', () => undefined);
    this.#exited = once(this.#child, 'exit').catch(() => undefined);
    this.#child.on('error', (error) => this.#lose(`could not be started: ${error.message}`));
    // 'close' comes when all that was written has been read.
    this.#child.on('close', (code, signal) =>
      this.#lose(signal === null ? `ended its process with exit code ${code}` : endedBy(signal)),
    );
    this.#passOnOutput();
    this.#unref();
  }

  /** Starts a process and loads the modules in it. Errors: REWARD_MODULE, VERIFIER_MODULE. */
  static async start(settings: ProcessSettings): Promise<ModuleProcess> {
    const process = new ModuleProcess(settings);
    try {
      await process.#load();
    } catch (error) {
      await process.stop();
      throw error;
    }
    return process;
  }

  #load(): Promise<void> {
    const limit = Math.max(this.#settings.timeoutMs, 10_000) * 3;
    this.#ref();
    return new Promise<void>((resolve, reject) => {
      const fail = ({ message, stack }: CallError): void =>
        reject(
          new GlossaError(
            MODULE_CODE[this.#settings.kind],
            `a ${this.#settings.kind} module of ${this.#settings.modules.join(', ')} ${message}${stack ? `\n${stack}` : ''}`,
          ),
        );
      const timer = setTimeout(() => fail({ message: `did not load within ${limit / 1000} s` }), limit);
      this.#onLoss = fail;
      this.#onReply = (reply) => {
        clearTimeout(timer);
        if (reply.kind !== 'unusable') return resolve();
        const { message, hint, stack } = reply;
        reject(
          new GlossaError(
            MODULE_CODE[this.#settings.kind],
            message + (stack ? `\n${stack}` : ''),
            hint === undefined ? {} : { hint },
          ),
        );
      };
      if (this.#lost !== undefined) fail(this.#lost);
      const { kind, modules, memoryBytes } = this.#settings;
      this.#send({ token: this.#token, kind, modules, memoryBytes });
    }).finally(() => {
      this.#onLoss = () => undefined;
      this.#onReply = () => undefined;
      this.#unref();
    });
  }

  /**
   * Calls the modules for the rows of `task`, handing on each result in order. Where nothing comes for the time limit the process
   * is killed.
   */
  run(task: Task, onCalled: (called: Called) => void): Promise<TaskEnd> {
    const { modules, timeoutMs } = this.#settings;
    let left = task.rows.length * modules.length - task.skip.length;
    this.#ref();
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const end = (result: TaskEnd): void => {
        clearTimeout(timer);
        this.#onReply = () => undefined;
        this.#onLoss = () => undefined;
        this.#unref();
        resolve(result);
      };
      const stopHung = (before: number): void => {
        if (left !== before) return;
        this.#lose(`did not return within ${timeoutMs / 1000} s; its process was stopped`);
      };
      const watch = (): void => {
        clearTimeout(timer);
        const before = left;
        // After replies that already wait: this process itself may have been busy for longer than the limit.
        timer = setTimeout(() => setImmediate(stopHung, before), timeoutMs);
      };
      this.#onLoss = (error) => end({ kind: 'lost', error });
      this.#onReply = (reply) => {
        if (reply.kind !== 'called') return;
        left--;
        onCalled(reply.called);
        if (left === 0) end({ kind: 'done' });
        else watch();
      };
      if (left === 0) return end({ kind: 'done' });
      watch();
      if (this.#lost !== undefined) this.#onLoss(this.#lost);
      else this.#send(task);
    });
  }

  /** Ends the process and what it started; resolves when it is gone. */
  async stop(): Promise<void> {
    const { pid } = this.#child;
    if (pid === undefined) return;
    this.#child.ref();
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      this.#child.kill('SIGKILL');
    }
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#exited;
    this.#channel.destroy();
  }

  #send(message: Start | Task): void {
    this.#channel.write(`${JSON.stringify(message)}\n`);
  }

  #read(line: string): void {
    let reply: Partial<Reply> | null;
    try {
      reply = JSON.parse(line) as Partial<Reply> | null;
    } catch {
      reply = null;
    }
    if (reply?.token !== this.#token) return this.#lose('wrote to the channel of its process');
    const known = reply as Reply;
    if (known.kind === 'crashed') this.#lose(known.error);
    else if (known.kind === 'memory') {
      const limit = Math.round(this.#settings.memoryBytes / 2 ** 20);
      this.#lose(
        `took ${Math.round(known.bytes / 2 ** 20)} MB of memory, more than the ${limit} MB it may; its process was stopped`,
      );
    } else this.#onReply(known);
  }

  #lose(why: string | CallError): void {
    if (this.#lost !== undefined) return;
    this.#lost = typeof why === 'string' ? { message: why } : why;
    void this.stop();
    this.#onLoss(this.#lost);
  }

  /** A bounded part of what the modules print, for whoever looks for a fault in them; the rest is read and dropped. */
  #passOnOutput(): void {
    let shown = 0;
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on('data', (bytes: Buffer) => {
        if (shown < SHOWN_OUTPUT) process.stderr.write(bytes.subarray(0, SHOWN_OUTPUT - shown));
        shown += bytes.length;
      });
      stream.on('error', () => undefined);
    }
  }

  #ref(): void {
    this.#child.ref();
    this.#channel.ref();
  }

  #unref(): void {
    this.#child.unref();
    for (const stream of this.#child.stdio) (stream as Socket | null)?.unref?.();
  }
}

function endedBy(signal: NodeJS.Signals): string {
  return `ended its process by ${signal}${signal === 'SIGABRT' ? ' (out of memory in the JavaScript heap?)' : ''}`;
}
