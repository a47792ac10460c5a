// Whether this checkout is built for NVIDIA GPUs too: what `npm run build:cuda` asked for holds for every later set-up, so
// that `npm test` or an update does not build the GPU away again.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD } from './paths.mjs';

const MARK = join(BUILD, 'with-cuda');

export const wantsCuda = () => existsSync(MARK);

export function wantCuda(wanted) {
  mkdirSync(BUILD, { recursive: true });
  if (wanted) writeFileSync(MARK, '');
  else rmSync(MARK, { force: true });
}
