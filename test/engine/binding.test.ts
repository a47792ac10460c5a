import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { BINDING_NAMES, NATIVE_ENGINE_NAMES } from '../../src/engine/binding.js';
import { nativeInfo } from '../../src/engine/index.js';
import { bindingCandidates, loadBinding, loadFrom } from '../../src/engine/load.js';

describe('the binding', () => {
  const { binding, path } = loadBinding();

  it('lists exactly what the addon exports', () => {
    assert.deepEqual(Object.keys(binding).sort(), [...BINDING_NAMES].sort());
  });

  it('lists exactly the methods of NativeEngine and CancelToken', () => {
    const methods = (object: object): string[] =>
      Object.getOwnPropertyNames(object)
        .filter((name) => name !== 'constructor')
        .sort();
    assert.deepEqual(methods(binding.NativeEngine.prototype), [...NATIVE_ENGINE_NAMES].sort());
    assert.deepEqual(methods(binding.CancelToken.prototype as object), ['cancel']);
  });

  it('makes engines only through createEngine and loadEngine', () => {
    const constructor = binding.NativeEngine as unknown as new () => unknown;
    assert.throws(() => new constructor(), { code: 'INVALID_ARGUMENT' });
  });

  it('says what it is', () => {
    const info = nativeInfo();
    assert.equal(info.path, path);
    assert.equal(info.isas[0], 'portable');
    assert.ok(info.cores >= 1);
    assert.match(info.version, /^\d+\.\d+\.\d+/);
  });
});

describe('the loader', () => {
  const dir = mkdtempSync(join(tmpdir(), 'glossa-load-'));
  after(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it('takes the file that GLOSSA_NATIVE names and no other', () => {
    assert.deepEqual(bindingCandidates('/repo', { GLOSSA_NATIVE: '/elsewhere/glossa.node' }), [
      { path: '/elsewhere/glossa.node' },
    ]);
    assert.equal(bindingCandidates('/repo', {})[0]!.path, '/repo/build/Release/glossa.node');
  });

  it('goes from a local build to the package for GPUs, where driver and device are there, then to the one for CPUs', () => {
    const installed = join(dir, 'project', 'node_modules', 'glossa');
    const gpus = join(dir, 'project', 'node_modules', '@glossa', 'native-linux-x64-cuda13');
    mkdirSync(installed, { recursive: true });
    mkdirSync(gpus, { recursive: true });
    const machine = join(dir, 'machine');
    const candidates = () => bindingCandidates(installed, {}, { platform: 'linux', arch: 'x64', root: machine });
    assert.deepEqual(
      candidates().map(({ path, from }) => from ?? path),
      [
        join(installed, 'build/Release/glossa.node'),
        join(installed, 'build/Debug/glossa.node'),
        '@glossa/native-linux-x64-cuda13',
        '@glossa/native-linux-x64',
      ],
    );
    assert.equal(candidates()[2]!.path, join(gpus, 'glossa.node'));
    assert.equal(candidates()[2]!.leftOut, 'this machine has no NVIDIA driver');
    mkdirSync(join(machine, 'proc/driver/nvidia'), { recursive: true });
    writeFileSync(join(machine, 'proc/driver/nvidia/version'), '');
    assert.equal(candidates()[2]!.leftOut, 'the NVIDIA driver is there and no device of it');
    mkdirSync(join(machine, 'dev'));
    writeFileSync(join(machine, 'dev/nvidia0'), '');
    assert.equal(candidates()[2]!.leftOut, undefined);
    assert.equal(candidates()[3]!.leftOut, undefined);
  });

  it('leaves out a package of another version, and says what to install where there is no checkout', () => {
    const folder = join(dir, 'other');
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{"version":"0.0.9"}');
    writeFileSync(join(folder, 'glossa.node'), '');
    assert.throws(
      () =>
        loadFrom(
          [
            { path: join(folder, 'glossa.node'), from: '@glossa/native-linux-x64' },
            { path: join(dir, 'none/glossa.node'), from: '@glossa/native-linux-x64-cuda13' },
          ],
          folder,
        ),
      (error: unknown) => {
        assert.ok(error instanceof Error && 'hint' in error);
        assert.match(error.message, /@glossa\/native-linux-x64: is version 0\.0\.9, and this program is \d/);
        assert.match(error.message, /@glossa\/native-linux-x64-cuda13: not installed/);
        assert.match(String(error.hint), /^Install it: npm install @glossa\/native-\w+-\w+@0\.0\.9$/);
        return true;
      },
    );
  });

  it('collects every failure into one message with the command to type next', () => {
    const absent = join(dir, 'absent.node');
    const broken = join(dir, 'broken.node');
    const foreign = join(dir, 'foreign.cjs');
    writeFileSync(broken, 'not a shared object');
    writeFileSync(foreign, 'module.exports = { nativeInfo() {} };');
    assert.throws(
      () => loadFrom([absent, broken, foreign].map((path) => ({ path }))),
      (error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error && 'hint' in error);
        assert.equal(error.code, 'NATIVE_NOT_FOUND');
        assert.equal(error.hint, 'Build it: npm run build');
        assert.match(error.message, /absent\.node: no such file/);
        assert.match(error.message, /broken\.node: .*(invalid ELF header|too short|not a mach-o)/i);
        assert.match(error.message, /foreign\.cjs: built from other sources .* has no .*createEngine/);
        return true;
      },
    );
  });
});
