// Prints the native sources of a group for binding.gyp, one path a line: `node scripts/sources.mjs kernel`.
// The list itself is native/sources.txt, which CMakeLists.txt reads too.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// cuda and emulation are CMake's affair: node-gyp builds for the CPU alone.
const groups = ['kernel', 'core', 'test', 'tool', 'addon', 'cuda', 'emulation'];
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const wanted = process.argv[2];
if (!groups.includes(wanted)) {
  console.error(`usage: node scripts/sources.mjs <${groups.join('|')}>`);
  process.exit(2);
}

for (const line of readFileSync(join(root, 'native/sources.txt'), 'utf8').split('\n')) {
  if (/^\s*(#.*)?$/.test(line)) continue;
  const [group, path, ...rest] = line.split(' ');
  if (!groups.includes(group) || !path || rest.length > 0) {
    console.error(`native/sources.txt: "${line}": expected "<${groups.join('|')}> <path>"`);
    process.exit(1);
  }
  if (!existsSync(join(root, 'native', path))) {
    console.error(`native/sources.txt names ${path}, but there is no native/${path}`);
    process.exit(1);
  }
  if (group === wanted) console.log(`native/${path}`);
}
