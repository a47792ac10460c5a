import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { availableMemory } from '../../src/base/memory.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-memory-'));
});
after(() => rm(root, { recursive: true, force: true }));

async function system(name: string, files: Record<string, string>): Promise<number | undefined> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name, path)), { recursive: true });
    await writeFile(join(root, name, path), text);
  }
  const at = (path: string) => join(root, name, path);
  return availableMemory({ meminfo: at('meminfo'), cgroup: at('cgroup'), mount: at('mount') });
}
const MEMINFO = 'MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    8000000 kB\n';

describe('memory that may still be taken', () => {
  it('is what the system has where no group limits it', async () => {
    const files = { meminfo: MEMINFO, cgroup: '0::/user\n', 'mount/user/memory.max': 'max\n' };
    assert.equal(await system('free', files), 8_000_000 * 1024);
  });

  it('is what the tightest group on the way to the root leaves, its file cache not counted', async () => {
    const files = {
      meminfo: MEMINFO,
      cgroup: '0::/pod/box\n',
      'mount/pod/box/memory.max': 'max\n',
      'mount/pod/memory.max': '2000000000\n',
      'mount/pod/memory.current': '900000000\n',
      'mount/pod/memory.stat': 'anon 500000000\ninactive_file 300000000\n',
    };
    assert.equal(await system('v2', files), 1_400_000_000);
  });

  it('reads the old layout, and the mount alone in a container', async () => {
    const files = {
      meminfo: MEMINFO,
      cgroup: '4:memory:/docker/1234\n3:cpu:/\n',
      'mount/memory/memory.limit_in_bytes': '1000000000\n',
      'mount/memory/memory.usage_in_bytes': '1200000000\n',
      'mount/memory/memory.stat': 'total_inactive_file 100000000\n',
    };
    assert.equal(await system('v1', files), 0);
  });

  it('is unknown where the system does not tell', async () => {
    assert.equal(await system('none', {}), undefined);
  });
});
