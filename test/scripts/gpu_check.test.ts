import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nativeInfo } from '../../src/engine/index.js';

const SCRIPT = fileURLToPath(new URL('../../scripts/gpu-check.sh', import.meta.url));

function program(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/usr/bin/env bash\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('gpu-check.sh, with a program that only says what it was asked', () => {
  let dir: string;
  let binary: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'glossa-gpu-check-'));
    binary = program(
      join(dir, 'glossa-native'),
      'case "$*" in info) sleep "${INFO_SECONDS:-0}" ;; *looks\\ 3*) exit 3 ;; esac\necho \'{"bench":"x"}\'',
    );
    program(join(dir, 'toolkit/bin/compute-sanitizer'), 'echo watched');
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });
  const check = (args: readonly string[], env = {}) => {
    const out = join(dir, 'out');
    rmSync(out, { recursive: true, force: true });
    const { status, stdout, stderr } = spawnSync('bash', [SCRIPT, '--out', out, ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    const read = (name: string): string => (existsSync(join(out, name)) ? readFileSync(join(out, name), 'utf8') : '');
    return { status, stdout, stderr, table: read('table.txt'), machine: read('machine.txt'), read };
  };

  it('runs every part, tells which step failed, and of which commit it all is', () => {
    const { status, stdout, table, machine, read } = check(['--binary', binary], {
      CUDA_HOME: join(dir, 'toolkit'),
    });
    assert.equal(status, 1);
    assert.match(table, /^bench-engine-looks-3 +\| failed \(3\)/m);
    assert.equal(table.match(/failed/g)?.length, 1);
    for (const name of ['tests', 'golden-bf16', 'agreement-qwen3-1.7b', 'kills-bf16', 'bench-engine-looks-1'])
      assert.match(table, new RegExp(`^${name} +\\| ok`, 'm'));
    assert.equal(read('bench-kernels.json'), '{"bench":"x"}\n');
    if (!spawnSync('which', ['compute-sanitizer'], { encoding: 'utf8' }).stdout.trim().endsWith('/compute-sanitizer'))
      assert.match(read('memcheck-engine.log'), /watched/);
    assert.match(machine, /^commit ([0-9a-f]{40}$|unknown)/m);
    assert.match(machine, /uncommitted changes|no git here/);

    // What it asks of the program is what that takes.
    const tool = join(dirname(nativeInfo().path), 'glossa-native');
    if (!existsSync(tool)) return;
    const asked = [...stdout.matchAll(/^== \S+: (?:.* )?\S*glossa-native ([a-z]+(?: (?:kernels|engine))?)(.*)$/gm)];
    assert.ok(asked.length > 20);
    const usages = new Map<string, string>();
    for (const [, command, rest] of asked) {
      if (!usages.has(command!))
        usages.set(command!, spawnSync(tool, [...command!.split(' '), '--help'], { encoding: 'utf8' }).stdout);
      for (const [option] of rest!.matchAll(/--[a-z-]+/g))
        assert.ok(usages.get(command!)!.includes(`[${option}`), `${command!} does not take ${option}`);
    }
  });

  it('holds every step to its time, and to that of all together', () => {
    const { status, table } = check(['--binary', binary, '--only', 'kills', '--seconds', '3'], { INFO_SECONDS: '60' });
    assert.equal(status, 1);
    assert.match(table, /^info +\| over [123] s/m);
    assert.match(table, /^kills-f32 +\| no time/m);
  });

  it('refuses a part or a program that there is not', () => {
    for (const [args, told] of [
      [['--only', 'everything'], /expected tests, golden, agreement, kills, sanitizer or bench/],
      [['--only', ''], /names no part/],
      [['--binary', join(dir, 'none')], /there is no such program/],
      [['--seconds', 'x'], /expected a whole number/],
      [['--look'], /--look: unknown/],
    ] as const) {
      const { status, stderr } = check(args);
      assert.equal(status, 2);
      assert.match(stderr, told);
    }
  });
});
