// Holds the lines between the rooms of native/ (or of another folder like it): what each may include, and that model/,
// engine/ and all tests compute through Device and Ops alone. Prints every line that crosses one, and exits with 1 if
// there are any.
//   node scripts/native_layers.mjs [DIR]
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from './setup/paths.mjs';

// The contracts of ops/, which hold no kernel.
const CONTRACTS = 'ops/(?:ops|operands|sequences|(?<op>\\w+)/\\k<op>)\\.h';
const MAY_INCLUDE = {
  base: ['base/'],
  io: ['base/', 'io/'],
  loss: ['base/', 'loss/', CONTRACTS],
  ops: ['base/', 'ops/', 'loss/', 'device/'],
  device: ['base/', 'io/', 'device/', 'ops/'],
  model: ['base/', 'io/', 'loss/', 'model/', 'device/\\w+\\.h', CONTRACTS],
  engine: ['base/', 'io/', 'loss/', 'model/', 'engine/', 'device/\\w+\\.h', CONTRACTS],
  golden: ['base/', 'io/', 'loss/', 'model/', 'engine/', 'golden/', 'device/\\w+\\.h', CONTRACTS],
  addon: ['base/', 'engine/', 'golden/', 'addon/', 'loss/'],
};
// Numbers of a device are not looked at above it, and threads are its own affair.
const FORBIDDEN =
  /(\.|->)(template )?as<|reinterpret_cast|\bmem(cpy|set|move)\(|ThreadPool|std::(j?thread\b|async)|kPanel|Kernels\b/;
// Benches and fuzzers look where they like, and nothing includes them but their own and tests.
const FREE = ['fuzz', 'tool'];
const ROOMS = [...Object.keys(MAY_INCLUDE), ...FREE];
// Tests, and the float64 specifications that they compare with, may look into every room, but not behind Ops, so that
// they hold for every device: what only one device's kernels promise is tested in files of its own.
const APART = /_test\.cc$|_ref\.(cc|h)$|\/reference\.(cc|h)$|\/test_\w+\.h$/;
const OF_KERNELS = /kernels_test\.cc$/;
const BEHIND_OPS = /^device\/(?:cpu|cuda)\/|^ops\/.*kernels\.h$/;

function sources(path) {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const child = join(path, entry.name);
    if (entry.isDirectory()) return sources(child);
    return /\.(cc|h|cu)$/.test(entry.name) && !OF_KERNELS.test(child) ? [child] : [];
  });
}

const native = process.argv[2] ?? join(ROOT, 'native');
const crossings = [];
for (const path of sources(native)) {
  const name = relative(native, path);
  const room = name.split('/')[0];
  const apart = APART.test(path);
  if (!MAY_INCLUDE[room] && !FREE.includes(room))
    crossings.push(`native/${name}: a new room of native/ takes its place in MAY_INCLUDE`);
  const allowed = !apart && MAY_INCLUDE[room] && new RegExp(`^(${MAY_INCLUDE[room].join('|')})`);
  readFileSync(path, 'utf8')
    .split('\n')
    .forEach((line, i) => {
      const place = `native/${name}:${i + 1}`;
      const named = /^\s*#\s*include\s*["<]([^">]+)[">]/.exec(line)?.[1];
      const included = named && ROOMS.includes(named.split('/')[0]) ? named : undefined;
      if (included && allowed && !allowed.test(included)) crossings.push(`${place}: ${room}/ may not know ${included}`);
      if (included && apart && BEHIND_OPS.test(included))
        crossings.push(
          `${place}: a test goes through Device and Ops, or its name ends in kernels_test.cc: ${included}`,
        );
      const code = line.replace(/\/\/.*/, '');
      if (!apart && (room === 'model' || room === 'engine') && FORBIDDEN.test(code))
        crossings.push(`${place}: ${room}/ computes through Device and Ops alone: ${line.trim()}`);
    });
}
for (const crossing of crossings) console.error(crossing);
if (crossings.length > 0) process.exitCode = 1;
else console.log('the lines between the rooms of native/ hold');
