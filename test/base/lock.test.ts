import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { LockClaim, LOCK_TIMING, type Lock } from '../../src/base/lock.js';
import { thisProcess } from '../../src/base/process.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-lock-'));
});
after(() => rm(root, { recursive: true, force: true }));

const holder = (pid: number) => JSON.stringify({ pid, host: hostname(), born: null });
const gone = JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), born: '1' });
/** Milliseconds of a fast test. */
const timing = { beat: 20, silence: 200, instant: 100 };
const elsewhere = { ...thisProcess(), host: `not-${hostname()}`, mark: 'm', beat: '0000000000' };

const attemptOf = (path: string) => new LockClaim(path, timing).try();
async function taken(path: string, claim = new LockClaim(path, timing)): Promise<Lock> {
  const attempt = await claim.try();
  assert.ok(attempt.state === 'taken', `${path}: ${attempt.state}`);
  return attempt.lock;
}

/** Tries until the lock is taken or held. */
async function settled(claim: LockClaim) {
  for (;;) {
    const attempt = await claim.try();
    if (attempt.state !== 'unsure') return attempt;
    await wait(10);
  }
}

describe('a lock file', () => {
  it('is had by one, names its process, and is free again when given back', async () => {
    const path = join(root, 'a.lock');
    const first = await taken(path);
    const second = await attemptOf(path);
    assert.ok(second.state === 'held');
    assert.equal(second.holder.pid, process.pid);
    assert.ok(await first.isHeld());
    await first.release();
    await (await taken(path)).release();
    assert.deepEqual(await readdir(root), []);
  });

  it('of a process that is gone is taken over at once', async () => {
    const path = join(root, 'b.lock');
    await writeFile(path, gone);
    await (await taken(path)).release();
  });

  it('that names no process is taken over once nobody can be at writing it any more', async () => {
    for (const text of ['', '{"pid"', 'null', ...[0, -1, 1.5, 1e300].map(holder)]) {
      const path = join(root, 'b.lock');
      await writeFile(path, text);
      const claim = new LockClaim(path, timing);
      const began = performance.now();
      assert.equal((await claim.try()).state, 'unsure', text);
      const attempt = await settled(claim);
      assert.ok(attempt.state === 'taken', text);
      assert.ok(performance.now() - began >= timing.instant);
      await attempt.lock.release();
    }
  });

  it('is taken over though a process was killed in the middle of doing so', async () => {
    const path = join(root, 'e.lock');
    for (const breaker of [gone, JSON.stringify(elsewhere), '']) {
      await writeFile(path, gone);
      await writeFile(`${path}.breaking`, breaker);
      const attempt = await settled(new LockClaim(path, timing));
      assert.ok(attempt.state === 'taken', breaker);
      await attempt.lock.release();
    }
    await writeFile(path, gone);
    await writeFile(`${path}.breaking`, JSON.stringify(thisProcess()));
    const claim = new LockClaim(path, { ...timing, instant: 0 });
    for (let i = 0; i < 3; i++) assert.equal((await claim.try()).state, 'unsure', 'it is at it');
    await rm(`${path}.breaking`);
    await (await taken(path, claim)).release();
  });

  it('is refused where something else has its name, which could be waited for or read without end', async () => {
    const [fifo, device, folder, nowhere] = ['fifo', 'device', 'folder', 'nowhere'].map((name) =>
      join(root, `${name}.lock`),
    );
    execFileSync('mkfifo', [fifo!]);
    await symlink('/dev/zero', device!);
    await mkdir(folder!);
    await symlink('/nowhere-at-all', nowhere!);
    for (const path of [fifo!, device!, folder!, nowhere!]) {
      await assert.rejects(attemptOf(path), { code: 'NOT_A_FILE' }, path);
      await rm(path, { recursive: true });
    }
  });

  it('is taken over by one of many, and nothing is left beside it', async () => {
    for (let round = 0; round < 20; round++) {
      const path = join(root, `d${String(round)}.lock`);
      await writeFile(path, gone);
      const attempts = await Promise.all(Array.from({ length: 12 }, () => attemptOf(path)));
      assert.equal(attempts.filter(({ state }) => state === 'taken').length, 1);
      assert.equal((JSON.parse(await readFile(path, 'utf8')) as { pid: number }).pid, process.pid);
      assert.deepEqual(await readdir(root), [`d${String(round)}.lock`]);
      for (const attempt of attempts) if (attempt.state === 'taken') await attempt.lock.release();
    }
  });

  it('has nothing of killed makings beside it for long', async () => {
    const path = join(root, 'l.lock');
    const names = ['l.lock.0123abcd', 'l.lock.89abcdef', 'l.lock.notes'];
    for (const name of names) await writeFile(join(root, name), '');
    await utimes(join(root, names[0]!), 1, 1);
    const lock = await taken(path, new LockClaim(path, { ...timing, instant: 5000 }));
    assert.deepEqual((await readdir(root)).sort(), ['l.lock', ...names.slice(1)], 'another may be at the younger one');
    await lock.release();
    for (const name of names) await rm(join(root, name), { force: true });
  });
});

describe('a lock of another machine', () => {
  const never = () => Promise.resolve(false);

  it('is taken over once it has not changed for long by the timer of who wants it, whatever clocks say', async () => {
    const path = join(root, 'f.lock');
    for (const time of [1, Date.now() / 1000 + 86_400 * 365]) {
      await writeFile(path, JSON.stringify(elsewhere));
      await utimes(path, time, time);
      const began = performance.now();
      const attempt = await settled(new LockClaim(path, timing, never));
      assert.ok(attempt.state === 'taken');
      assert.ok(performance.now() - began >= timing.silence);
      await attempt.lock.release();
    }
  });

  it('is not while its holder says that it lives, and what is read is always a whole lock', async () => {
    const path = join(root, 'g.lock');
    const lock = await taken(path);
    const first = JSON.parse(await readFile(path, 'utf8')) as { beat: string };
    for (const began = performance.now(); performance.now() - began < 5 * timing.beat;) {
      const { beat, mark } = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
      assert.match(beat!, /^\d{10}$/);
      assert.ok(mark);
      await wait(1);
    }
    const { beat } = JSON.parse(await readFile(path, 'utf8')) as { beat: string };
    assert.ok(Number(beat) > Number(first.beat));
    await lock.release();
    await writeFile(path, JSON.stringify(elsewhere));
    const claim = new LockClaim(path, timing, never);
    assert.equal((await claim.try()).state, 'unsure');
    await writeFile(path, JSON.stringify({ ...elsewhere, beat: '0000000001' }));
    const attempt = await claim.try();
    assert.ok(attempt.state === 'held');
    assert.equal(attempt.holder.host, elsewhere.host);
    await rm(path);
  });

  it('with the name of this one (a container, a copied machine) is told from one of this', async () => {
    const path = join(root, 'h.lock');
    // This very process, were it not for the other boot.
    await writeFile(path, JSON.stringify({ ...elsewhere, host: hostname(), boot: 'another' }));
    const claim = new LockClaim(path, timing, never);
    assert.equal((await claim.try()).state, 'unsure');
    const attempt = await settled(claim);
    assert.ok(attempt.state === 'taken');
    await attempt.lock.release();
  });

  it('that does not say that it lives, as earlier versions did not, is never taken over', async () => {
    const path = join(root, 'c.lock');
    await writeFile(path, JSON.stringify({ pid: 1, host: `not-${hostname()}`, born: null }));
    const claim = new LockClaim(path, { ...timing, silence: 0 }, never);
    for (let i = 0; i < 3; i++) assert.equal((await claim.try()).state, 'held');
    await rm(path);
  });

  it('is taken over at once where Slurm says that its job is over, and Slurm is asked once', async () => {
    const path = join(root, 'i.lock');
    const job = { id: '7', cluster: 'c', restarts: 0 };
    for (const over of [true, false]) {
      await writeFile(path, JSON.stringify({ ...elsewhere, job }));
      const asked: unknown[] = [];
      const claim = new LockClaim(path, LOCK_TIMING, (named) => {
        asked.push(named);
        return Promise.resolve(over);
      });
      const attempt = await claim.try();
      assert.equal(attempt.state, over ? 'taken' : 'unsure');
      if (attempt.state === 'taken') await attempt.lock.release();
      else await claim.try();
      assert.deepEqual(asked, [job]);
    }
    await rm(path);
  });
});

describe('a holder that stood still', () => {
  it('finds that its lock is another’s, and neither writes to that one nor removes it', async () => {
    const path = join(root, 'j.lock');
    const slept = await taken(path, new LockClaim(path, { ...timing, beat: 10 }));
    await rm(path);
    assert.equal(await slept.isHeld(), false, 'a lock that was removed is held by nobody');
    const next = await taken(path, new LockClaim(path, LOCK_TIMING));
    const text = await readFile(path, 'utf8');
    await wait(50);
    assert.equal(await slept.isHeld(), false);
    await slept.release();
    assert.equal(await readFile(path, 'utf8'), text);
    assert.ok(await next.isHeld());
    await next.release();
  });
});
