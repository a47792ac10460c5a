// Running a step: its line on the terminal, its output in the log, its failure with the end of the log.
import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { LOG, ROOT } from './paths.mjs';

const TAIL_LINES = 30;

/** Ends the set-up; the message is all the user sees. */
export class SetupFailure extends Error {}

export async function runStep({ name, run }) {
  const began = performance.now();
  process.stderr.write(`${name.padEnd(14)} ... `);
  try {
    await run();
  } catch (error) {
    process.stderr.write('failed\n');
    throw error;
  }
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1)} s\n`);
}

/** The environment of a tool: npm's settings reach npm only, for they also mean something to node-gyp and cmake-js. */
export function toolEnvironment(more = {}) {
  const environment = { ...process.env, ...more };
  for (const name of Object.keys(environment)) if (/^npm_/i.test(name)) delete environment[name];
  return environment;
}

/** Runs a command with its output in the log; fails with the log's last lines. */
export async function runLogged(command, args, { env = process.env } = {}) {
  appendFileSync(LOG, `\n$ ${[command, ...args].join(' ')}\n`);
  const log = openSync(LOG, 'a');
  const outcome = await new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', log, log] });
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) =>
      resolve(code === 0 ? undefined : `ended with ${signal ?? `code ${String(code)}`}`),
    );
  });
  closeSync(log);
  if (outcome !== undefined) {
    const lines = existsSync(LOG) ? readFileSync(LOG, 'utf8').trimEnd().split('\n') : [];
    throw new SetupFailure(
      [
        ...lines.slice(-TAIL_LINES).map((line) => `  | ${line}`),
        `${command} ${outcome}. Everything it said: ${relative(ROOT, LOG)}`,
      ].join('\n'),
    );
  }
}
