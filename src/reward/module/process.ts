import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { GlossaError } from '../../base/error.js';
import { MODULE_CODE } from './load.js';
import type { Called, CallError } from '../asked.js';
import type { RewardCalls } from '../types.js';
import { labelled } from './output.js';
import { lineReader, type ModuleKind, type Reply, type Start, type Task } from './protocol.js';

/** Characters of a reply: the values of the largest generation have room, and a module's message is cut before it is sent. */
const LONGEST_REPLY = 64_000_000;
/** Seconds that a module may take to load, where its calls may not take longer. */
const LOAD_SECONDS = 30;

/** How a task ended: all called, or all before a call in which the process was lost, `hung` where it was waited for in vain. */
export type TaskEnd = { kind: 'done' } | { kind: 'lost'; error: CallError; hung: boolean };

export interface ProcessSettings {
  kind: ModuleKind;
  /** What its printed lines and errors are attributed to: the reward's name, or the verifier's path. */
  name: string;
  module: string;
  /** Seconds of a call; and of the start, if that is longer than 30. */
  timeout: number;
  memoryBytes: number;
}

/** A process that runs one module. It does one task at a time and is of no use after a loss. */
export class ModuleProcess {
  readonly #token = randomUUID();
  readonly #child: ChildProcess;
  readonly #channel: Socket;
  readonly #exited: Promise<unknown>;
  readonly #settings: ProcessSettings;
  #onReply: (reply: Reply) => void = () => undefined;
  #onLoss: (error: CallError) => void = () => undefined;
  #lost: CallError | undefined;
  #hung = false;
  #calls: RewardCalls = 'completion';

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
    labelled([this.#child.stdout!, this.#child.stderr!], settings.name);
    this.#unref();
  }

  /** In words: `none` where it could not be started. */
  get pid(): string {
    return String(this.#child.pid ?? 'none');
  }

  /** Starts a process and loads the module in it. Errors: REWARD_MODULE, VERIFIER_MODULE. */
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

  /** What the module's function is called with. */
  get calls(): RewardCalls {
    return this.#calls;
  }

  #load(): Promise<void> {
    const { kind, module, memoryBytes, timeout } = this.#settings;
    const limit = Math.max(timeout, LOAD_SECONDS);
    const refused = (message: string, stack?: string, hint?: string) =>
      new GlossaError(MODULE_CODE[kind], message + (stack ? `\n${stack}` : ''), hint === undefined ? {} : { hint });
    this.#ref();
    let timer: NodeJS.Timeout | undefined;
    return new Promise<void>((resolve, reject) => {
      const fail = ({ message, stack }: CallError): void =>
        reject(refused(`${kind} module ${module} ${message}`, stack));
      timer = setTimeout(() => fail({ message: `did not load within ${String(limit)} s` }), limit * 1000);
      this.#onLoss = fail;
      this.#onReply = (reply) => {
        if (reply.kind === 'unusable') return reject(refused(reply.message, reply.stack, reply.hint));
        if (reply.kind === 'ready') this.#calls = reply.calls;
        resolve();
      };
      if (this.#lost !== undefined) fail(this.#lost);
      this.#send({ token: this.#token, kind, module, memoryBytes });
    }).finally(() => {
      clearTimeout(timer);
      this.#onLoss = () => undefined;
      this.#onReply = () => undefined;
      this.#unref();
    });
  }

  /**
   * Makes the calls of `task`, handing on what each gives, in order. Where nothing comes for the time limit the process is
   * killed.
   */
  run(task: Task, onCalled: (called: Called[]) => void): Promise<TaskEnd> {
    const { timeout } = this.#settings;
    let left = task.calls.length;
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
        this.#hung = true;
        this.#lose(`did not return within ${String(timeout)} s; its process was stopped`);
      };
      const watch = (): void => {
        clearTimeout(timer);
        const before = left;
        // After replies that already wait: this process itself may have been busy for longer than the limit.
        timer = setTimeout(() => setImmediate(stopHung, before), timeout * 1000);
      };
      this.#onLoss = (error) => end({ kind: 'lost', error, hung: this.#hung });
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
