import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { isErrorCode, NATIVE_CODES } from '../../src/base/error_codes.js';
import { GlossaError } from '../../src/base/error.js';
import { fromNative } from '../../src/engine/engine.js';

const NATIVE = fileURLToPath(new URL('../../native', import.meta.url));
/** What is not part of the addon. */
const APART = ['fuzz', 'tool'];
/** Variables of the environment that native code reads, in the same spelling. */
const VARIABLES = ['CONDA_PREFIX', 'CUDA_HOME', 'CUDA_PATH', 'VIRTUAL_ENV', 'XDG_CACHE_HOME'];

/** Codes in the sources of the addon: what a Status begins with, and every other literal in their spelling. */
function nativeCodes(): Set<string> {
  const sources = readdirSync(NATIVE, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.(?:h|cc|cu)$/.test(path) && !path.endsWith('_test.cc') && !APART.includes(path.split('/')[0]!),
  );
  const codes = sources.flatMap((path) => {
    const text = readFileSync(join(NATIVE, path), 'utf8');
    return [
      ...text.matchAll(/"([A-Z]+(?:_[A-Z]+)+)"/g),
      ...text.matchAll(/\b(?:Status(?: \w+)?[({]|error_of\(\w+,)\s*"(\w+)"/g),
    ].map(([, code]) => code!);
  });
  return new Set(codes.filter((code) => !code.startsWith('GLOSSA_') && !VARIABLES.includes(code)));
}

describe('the codes of errors', () => {
  const native = nativeCodes();

  it('are those of the native sources, one by one', () => {
    assert.ok(native.size > 20, [...native].join(' '));
    const unknown = [...native].filter((code) => !isErrorCode(code));
    assert.deepEqual(unknown, [], 'add them to src/base/error_codes.ts');
    const gone = NATIVE_CODES.filter((code) => !native.has(code));
    assert.deepEqual(gone, [], 'native code has them no more: take them out of NATIVE_CODES');
  });

  it('turn a native error into a GlossaError, and no other error', () => {
    const native = Object.assign(new Error('row 3'), { code: 'NONFINITE' });
    const refused = fromNative(native);
    assert.ok(refused instanceof GlossaError);
    assert.equal(refused.code, 'NONFINITE');
    const foreign = Object.assign(new Error('no such file'), { code: 'ENOENT' });
    assert.equal(fromNative(foreign), foreign);
  });
});
