import { register } from 'node:module';
import { Socket } from 'node:net';
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { loadModule } from './custom.js';
import { describeThrown } from './module_error.js';
import {
  lineReader,
  type Called,
  type ModuleInput,
  type ModuleKind,
  type Reply,
  type Start,
  type Task,
} from './module_protocol.js';

// The process that runs reward and verifier modules. It talks over descriptor 3, which belongs to nobody else: standard output and error
// are the modules' own.
const CHANNEL = 3;
const channel = new Socket({ fd: CHANNEL, readable: true, writable: true });
const exit = process.exit.bind(process);

/**
 * Ends the process, even one that never comes back from a module, when the one that started it is gone, or when it takes more
 * memory than it may, inside the heap or outside.
 */
const WATCH = `
const { workerData: { parent, memoryBytes, over } } = require('node:worker_threads');
const { writeSync } = require('node:fs');
setInterval(() => {
  const bytes = process.memoryUsage.rss();
  if (bytes > memoryBytes) {
    try { writeSync(${CHANNEL}, over.replace('"bytes":0', '"bytes":' + bytes)); } catch {}
  } else if (process.ppid === parent) return;
  process.kill(process.pid, 'SIGKILL');
}, 50);`;

let token = '';
let kind: ModuleKind = 'reward';
let calls: { path: string; call: (input: ModuleInput) => unknown }[] = [];
type Unsigned = Reply extends infer R ? (R extends Reply ? Omit<R, 'token'> : never) : never;
const line = (reply: Unsigned): string => `${JSON.stringify({ token, ...reply })}\n`;
const reply = (message: Unsigned): void => void channel.write(line(message));

channel.setEncoding('utf8');
let tasks: Promise<void> = Promise.resolve();
channel.on(
  'data',
  lineReader((text) => {
    const message = JSON.parse(text) as Start | Task;
    tasks = tasks.then(() => ('modules' in message ? start(message) : run(message)));
  }),
);
// Who ends a whole job (Slurm's scancel, a service manager) signals every process of it: the one that started this one decides.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
channel.on('close', () => exit(0));
channel.on('error', () => exit(0));
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (thrown: unknown) => {
    try {
      writeSync(CHANNEL, line({ kind: 'crashed', error: describeThrown(thrown, calls[0]?.path ?? '') }));
    } catch {
      // The parent sees the end of the process in any case.
    }
    exit(1);
  });
}

async function start(given: Start): Promise<void> {
  token = given.token;
  kind = given.kind;
  const over = line({ kind: 'memory', bytes: 0 });
  const workerData = { parent: process.ppid, memoryBytes: given.memoryBytes, over };
  new Worker(WATCH, { eval: true, workerData, execArgv: [] }).unref();
  // Run from its own sources, everything is TypeScript that a loader reads already.
  if (!import.meta.url.endsWith('.ts')) register('./typescript_hook.js', import.meta.url);
  try {
    calls = await Promise.all(
      given.modules.map(async (path) => ({
        path,
        call: (await loadModule(path, kind)) as (input: ModuleInput) => unknown,
      })),
    );
    reply({ kind: 'ready' });
  } catch (thrown) {
    const { message, hint, cause } = thrown as { message: string; hint?: string; cause?: unknown };
    reply({
      kind: 'unusable',
      message,
      hint,
      stack: cause === undefined ? undefined : describeThrown(cause, '').stack,
    });
  }
}

async function run({ rows, skip }: Task): Promise<void> {
  for (const [row, input] of rows.entries()) {
    for (const [k, { path, call }] of calls.entries()) {
      if (row === 0 && skip.includes(k)) continue;
      reply({ kind: 'called', called: await called(path, call, input) });
    }
  }
}

async function called(path: string, call: (input: ModuleInput) => unknown, input: ModuleInput): Promise<Called> {
  try {
    const value: unknown = await call(structuredClone(input));
    if (value === null) return { value };
    if (kind === 'verifier') {
      if (typeof value === 'boolean') return { value: Number(value) };
      return { error: { message: `returned ${shown(value)}, expected true, false or null` } };
    }
    if (typeof value === 'number' && Number.isFinite(Math.fround(value))) return { value };
    return { error: { message: `returned ${shown(value)}, expected a finite number (float32) or null` } };
  } catch (thrown) {
    return { error: describeThrown(thrown, path) };
  }
}

function shown(value: unknown): string {
  try {
    return String(value).slice(0, 200);
  } catch {
    return `a ${typeof value}`;
  }
}
