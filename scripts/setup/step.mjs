// Running a step: its line on the terminal, its output in the log, its failure with the end of the log.
import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { LOG, ROOT } from './paths.mjs';

const TAIL_LINES = 30;

/** Ends the set-up; the message is all the user sees. */
export class SetupFailure extends Error {}

/** Runs a step with its progress on stderr: one live line on a terminal, elsewhere a line at its begin, end and every 15 s. */
export async function runStep({ name, run, progress = () => undefined }) {
  const began = performance.now();
  const line = new StepLine(name, progress, began);
  try {
    await run();
  } catch (error) {
    line.end('failed');
    throw error;
  }
  line.end(`${((performance.now() - began) / 1000).toFixed(1)} s`);
}

class StepLine {
  constructor(name, progress, began) {
    this.name = name.padEnd(14);
    this.live = process.stderr.isTTY === true;
    process.stderr.write(`${this.name} ... ${this.live ? '' : '\n'}`);
    this.timer = setInterval(
      () => this.show(progressText(began, performance.now(), progress(saidSoFar()))),
      this.live ? 1_000 : 15_000,
    );
  }

  show(text) {
    process.stderr.write(this.live ? `\r\x1b[K${this.name} ... ${text}` : `${this.name} ... ${text}\n`);
  }

  end(text) {
    clearInterval(this.timer);
    this.show(this.live ? `${text}\n` : text);
  }
}

/** `42 %, 40 s, about 55 s to go`; without a known share done only the seconds. */
export function progressText(began, now, share) {
  const seconds = (now - began) / 1000;
  const spent = `${String(Math.round(seconds))} s`;
  if (share === undefined || share <= 0) return spent;
  const left = Math.round((seconds / share) * (1 - share));
  return `${String(Math.floor(share * 100))} %, ${spent}, about ${String(left)} s to go`;
}

/** What the command that runs now has said: the log after its last command line. */
function saidSoFar() {
  const log = existsSync(LOG) ? readFileSync(LOG, 'utf8') : '';
  return log.slice(log.lastIndexOf('\n$ ') + 1);
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
