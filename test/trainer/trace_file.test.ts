import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { TraceFile, type TraceEvent } from '../../src/trainer/trace_file.js';

const root = mkdtempSync(join(tmpdir(), 'glossa-trace-'));
after(() => {
  rmSync(root, { recursive: true, force: true });
});
const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as TraceEvent[];
const event = (name: string): TraceEvent => ({ name, ph: 'X', ts: 1, dur: 2, pid: 1, tid: 1 });

test('the file is whole JSON after every write, with all events in order', () => {
  const path = join(root, 'trace.json');
  const file = TraceFile.open(path);
  assert.deepEqual(read(path), []);
  const added: TraceEvent[] = [];
  for (const names of [['첫째'], [], ['b', 'c'], ['d']]) {
    for (const name of names) {
      file.add(event(name));
      added.push(event(name));
    }
    file.flush();
    assert.deepEqual(read(path), added);
  }
  file.close();
  file.close();
  assert.deepEqual(read(path), added);
  // Another one takes its place, and that of an empty one.
  for (let i = 0; i < 2; i++) TraceFile.open(path).close();
  assert.deepEqual(read(path), []);
});

test('it takes no more than its bound, and says so', () => {
  const path = join(root, 'bounded.json');
  const file = TraceFile.open(path, 200);
  for (let i = 0; i < 100; i++) {
    file.add(event(String(i)));
    file.flush();
  }
  assert.ok(file.full);
  file.close();
  const events = read(path);
  assert.ok(events.length >= 3 && events.length <= 5, String(events.length));
});

test('what somebody else wrote stays', () => {
  const path = join(root, 'my.yaml');
  for (const text of ['seed: 3\n', '[\n{"other":1}\n]\n', '[1, 2]\n']) {
    writeFileSync(path, text);
    assert.throws(() => TraceFile.open(path), { code: 'USAGE', message: /is not a profile/ });
    assert.equal(readFileSync(path, 'utf8'), text);
  }
  assert.throws(() => TraceFile.open(join(root, 'no/such/folder.json')), { code: 'IO_ERROR' });
});

test('where the disk is full it is still whole JSON', (t) => {
  const dir = join(root, 'disk');
  mkdirSync(dir);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    t.skip('needs the right to mount a small file system');
    return;
  }
  try {
    const path = join(dir, 'trace.json');
    const file = TraceFile.open(path);
    let written = 0;
    assert.throws(
      () => {
        for (; written < 10_000; written++) {
          file.add(event('x'.repeat(1000)));
          file.flush();
        }
      },
      { code: 'IO_ERROR', message: /no space left/i },
    );
    file.close();
    assert.equal(read(path).length, written);
  } finally {
    execFileSync('umount', [dir]);
  }
});
