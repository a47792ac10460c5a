// One set-up at a time in a checkout: others wait. The holder touches the lock file while it works, so a lock left by a
// killed set-up is recognised, on this machine at once (its process is gone), elsewhere by its age.
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const BEAT_MS = 2_000;
const STALE_MS = 20_000;

export async function withLock(path, work) {
  let waiting = false;
  while (!take(path)) {
    const holder = read(path);
    if (holder !== undefined && isAbandoned(path, holder)) {
      steal(path);
      continue;
    }
    if (!waiting)
      console.error(`another set-up is running${holder ? ` (process ${String(holder.pid)})` : ''}; waiting for it`);
    waiting = true;
    await sleep(250);
  }
  const beat = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // Removed by hand: the work goes on all the same.
    }
  }, BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    rmSync(path, { force: true });
  }
}

function take(path) {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, JSON.stringify({ pid: process.pid, host: hostname() }));
    closeSync(file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // just removed, or not written yet
  }
}

function isAbandoned(path, { pid, host }) {
  if (host === hostname()) {
    try {
      process.kill(pid, 0);
    } catch (error) {
      if (error.code === 'ESRCH') return true;
    }
  }
  try {
    return Date.now() - statSync(path).mtimeMs > STALE_MS;
  } catch {
    return false;
  }
}

// By rename, which only one of several waiters can do.
function steal(path) {
  const aside = `${path}.${String(process.pid)}`;
  try {
    renameSync(path, aside);
    rmSync(aside, { force: true });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}
