import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../scripts/native_layers.mjs', import.meta.url));

/** What the check says of a folder like native/ with this line in this file. */
function crossings(path: string, line: string): string {
  const native = mkdtempSync(join(tmpdir(), 'glossa-native-'));
  try {
    mkdirSync(join(native, dirname(path)), { recursive: true });
    writeFileSync(join(native, path), `// A file.\n${line}\n`);
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT, native], { encoding: 'utf8' });
    assert.equal(status, stderr === '' ? 0 : 1);
    return stderr;
  } finally {
    rmSync(native, { recursive: true });
  }
}

test('a line that crosses from one room of native/ into another is found', () => {
  const found = [
    ['ops/a.cc', '#include "model/model.h"'],
    ['ops/a.cc', '  #  include <model/model.h>'],
    ['model/a.cc', '#include "device/cpu/crew.h"'],
    ['engine/a.cc', '#include "ops/head/head_kernels.h"'],
    ['engine/a_test.cc', '#include "device/cpu/cpu_device.h"'],
    ['golden/a.cc', '#include "ops/head/head_kernels.h"'],
    ['addon/a.cc', '#include "ops/ops.h"'],
    ['addon/a.cc', '#include "tool/bench.h"'],
    ['engine/a.cc', 'float x = *rows.data.as<float>();'],
    ['engine/a.cc', 'float x = *address->as<const float>();'],
    ['model/a.cc', 'std::memcpy(to, from, 4);'],
    ['model/a.cc', 'std::jthread t;'],
    ['lora/a.cc', '#include "base/status.h"'],
  ] as const;
  for (const [path, line] of found) assert.match(crossings(path, line), new RegExp(`^native/${path}`), line);
});

test('what a room may know is let pass', () => {
  const allowed = [
    ['engine/a.cc', '#include "ops/head/head.h"'],
    ['engine/a.cc', '#include <sys/stat.h>'],
    ['engine/a.cc', '#include <vector>  // not model.as<float>()'],
    ['engine/a.cc', '#include "device/memory.h"'],
    ['ops/head/head_kernels_test.cc', '#include "device/cpu/cpu_device.h"'],
    ['tool/a.cc', '#include "device/cpu/cpu_device.h"'],
  ] as const;
  for (const [path, line] of allowed) assert.equal(crossings(path, line), '', `${path}: ${line}`);
});
