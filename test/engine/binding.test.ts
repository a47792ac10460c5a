import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
      '/elsewhere/glossa.node',
    ]);
    assert.equal(bindingCandidates('/repo', {})[0], '/repo/build/Release/glossa.node');
  });

  it('collects every failure into one message with the command to type next', () => {
    const absent = join(dir, 'absent.node');
    const broken = join(dir, 'broken.node');
    const foreign = join(dir, 'foreign.cjs');
    writeFileSync(broken, 'not a shared object');
    writeFileSync(foreign, 'module.exports = { nativeInfo() {} };');
    assert.throws(
      () => loadFrom([absent, broken, foreign]),
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
