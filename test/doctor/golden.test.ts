import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { golden } from '../../src/doctor/index.js';
import { GOLDEN_CASES } from '../shared.js';

describe('a folder of reference cases', () => {
  let root = '';
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'glossa-golden-'));
  });
  after(() => rm(root, { recursive: true }));

  const folder = async (name: string, advantages?: string): Promise<string> => {
    const dir = join(root, name);
    await mkdir(dir);
    if (advantages !== undefined) await writeFile(join(dir, 'advantages.json'), advantages);
    return dir;
  };

  it('may have advantages alone', async () => {
    const dir = await folder('advantages');
    await copyFile(join(GOLDEN_CASES, 'advantages.json'), join(dir, 'advantages.json'));
    const { ok, passed, cases } = await golden(dir);
    assert.ok(ok && passed > 0 && passed === cases.length);
  });

  it('is refused where it holds no case, or is not there', async () => {
    await assert.rejects(golden(await folder('empty')), { code: 'GOLDEN_NOT_FOUND', message: /no case in it/ });
    await assert.rejects(golden(join(root, 'nowhere')), { code: 'GOLDEN_NOT_FOUND' });
  });

  it('names what is wrong with its advantages', async () => {
    const good = JSON.parse(await readFile(join(GOLDEN_CASES, 'advantages.json'), 'utf8')) as {
      cases: { advantages: number[] }[];
    };
    const short = structuredClone(good);
    short.cases[0]!.advantages.pop();
    const wrong: [string, string, RegExp][] = [
      ['text', '{bad', /advantages\.json: .*JSON/],
      ['list', '[]', /advantages\.json: the file: /],
      ['scale', JSON.stringify(good).replace('"group"', '"all"'), /cases\.0\.scale_rewards: /],
      ['short', JSON.stringify(short), /11 advantages for 12 rows/],
    ];
    for (const [name, text, message] of wrong)
      await assert.rejects(golden(await folder(name, text)), { code: 'GOLDEN_INVALID', message });
  });

  it('counts a case that cannot be read as failed, and says why', async () => {
    const dir = await folder('broken');
    await mkdir(join(dir, 'loss-x'));
    await writeFile(join(dir, 'loss-x', 'case.json'), '{"config": {}}');
    const { ok, failed, cases } = await golden(dir);
    assert.ok(!ok && failed === 1);
    assert.match(cases[0]!.detail, /case\.safetensors/);
  });
});
