import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createGrader } from '../../src/reward/index.js';
import { blocksOf } from '../docs/blocks.js';

const folder = mkdtempSync(join(tmpdir(), 'glossa-servers-'));
after(() => rmSync(folder, { recursive: true }));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

for (const [name, program] of [
  ['judge_server.mjs', process.execPath],
  ['judge_server.py', 'python3'],
] as const) {
  const missing = spawnSync(program, ['--version']).status === 0 ? false : `${program} is not here`;
  test(`the service ${name} of docs/rewards.md gives rewards`, { skip: missing, timeout: 60_000 }, async () => {
    const [block] = (await blocksOf('docs/rewards.md')).filter(({ file }) => file === name);
    writeFileSync(join(folder, name), block!.text);
    const port = await freePort();
    const server = spawn(program, [join(folder, name), String(port)], { stdio: 'ignore' });
    try {
      // Asked again until it has begun to listen.
      const judge = { name: 'judge', weight: 1, url: `http://127.0.0.1:${String(port)}/reward`, retries: 5 };
      const grader = await createGrader([{ ...judge, settings: { most: 3 } }], { threads: 0 });
      const problem = { id: 'a', question: '3 + 4?', answer: '7', language: 'en' } as const;
      for (const texts of [['ab', '', 'abcdef'], ['한국어 모델이']]) {
        const graded = await grader.grade(
          texts.map((completion) => ({ problem, completion, finish: 'stop' as const })),
        );
        const expected = texts.map((text) => (text === '' ? null : Math.min(1, 3 / text.length)));
        assert.deepEqual([graded.map(({ rewards }) => rewards[0]), graded[0]!.errors], [expected, []]);
      }
      await grader.close();
    } finally {
      server.kill();
    }
  });
}
