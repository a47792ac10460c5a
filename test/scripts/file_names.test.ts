import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOMS = ['bin', 'native', 'scripts', 'src', 'test'];

it('files and folders are named in snake_case', () => {
  const others = ROOMS.flatMap((room) =>
    readdirSync(fileURLToPath(new URL(`../../${room}`, import.meta.url)), { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.includes('__pycache__'))
      // Reference cases are named after what they hold: loss-dapo-kl.
      .filter((path) => !path.startsWith('golden/cases/'))
      // A command that one types, as commands are named.
      .filter((path) => path !== 'gpu-check.sh')
      .filter((path) => !/^[a-z0-9_./]+$/.test(path))
      .map((path) => `${room}/${path}`),
  );
  assert.deepEqual(others, []);
});
