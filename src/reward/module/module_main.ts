import { register } from 'node:module';
import { Socket } from 'node:net';
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { failedCall, type Called, type FunctionInput } from '../asked.js';
import { checkedValue, checkedValues } from '../values.js';
import { describeThrown } from './error.js';
import { loadModule, type LoadedModule } from './load.js';
import { lineReader, type ModuleKind, type Reply, type Start, type Task } from './protocol.js';

// The process that runs a reward or verifier module. It talks over descriptor 3, which belongs to nobody else: standard output and error
// are the module's own.
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
let path = '';
let loaded: LoadedModule | undefined;
type Unsigned = Reply extends infer R ? (R extends Reply ? Omit<R, 'token'> : never) : never;
const line = (reply: Unsigned): string => `${JSON.stringify({ token, ...reply })}\n`;
const reply = (message: Unsigned): void => void channel.write(line(message));

channel.setEncoding('utf8');
let tasks: Promise<void> = Promise.resolve();
channel.on(
  'data',
  lineReader((text) => {
    const message = JSON.parse(text) as Start | Task;
    tasks = tasks.then(() => ('module' in message ? start(message) : run(message)));
  }),
);
// Who ends a whole job (Slurm's scancel, a service manager) signals every process of it: the one that started this one decides.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
channel.on('close', () => exit(0));
channel.on('error', () => exit(0));
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (thrown: unknown) => {
    try {
      writeSync(CHANNEL, line({ kind: 'crashed', error: describeThrown(thrown, path) }));
    } catch {
      // The parent sees the end of the process in any case.
    }
    exit(1);
  });
}

async function start(given: Start): Promise<void> {
  token = given.token;
  kind = given.kind;
  path = given.module;
  const over = line({ kind: 'memory', bytes: 0 });
  const workerData = { parent: process.ppid, memoryBytes: given.memoryBytes, over };
  new Worker(WATCH, { eval: true, workerData, execArgv: [] }).unref();
  // Run from its own sources, everything is TypeScript that a loader reads already.
  if (!import.meta.url.endsWith('.ts')) register('./typescript_hook.js', import.meta.url);
  try {
    loaded = await loadModule(path, kind);
    reply({ kind: 'ready', calls: loaded.calls });
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

async function run({ calls }: Task): Promise<void> {
  for (const rows of calls) reply({ kind: 'called', called: await called(loaded!, rows) });
}

async function called({ call, calls, place }: LoadedModule, rows: readonly FunctionInput[]): Promise<Called[]> {
  try {
    const inputs = structuredClone(rows);
    const returned = await call(calls === 'completion' ? inputs[0] : inputs);
    const frame = { before: 'returned ', after: ` (${place})` };
    return calls === 'completion' ? [checkedValue(returned, kind, frame)] : checkedValues(returned, rows.length, frame);
  } catch (thrown) {
    return failedCall(rows, describeThrown(thrown, path));
  }
}
