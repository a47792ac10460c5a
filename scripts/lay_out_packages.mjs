// Lays out the packages that could be published from a build: `glossa` itself, and one with a built engine for each build that
// is given, named by system and processor. Nothing is published. `glossa` as laid out names them as optional dependencies of its
// own exact version; the repository's package.json does not, for what is not in the registry cannot be installed from it.
//   node scripts/lay_out_packages.mjs --out DIR [--native FOLDER] [--cuda FOLDER]
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import yargs from 'yargs';
import { ROOT } from './setup/paths.mjs';

const { out, native, cuda } = yargs(process.argv.slice(2))
  .usage('node $0 --out DIR [options]')
  .option('out', {
    type: 'string',
    demandOption: true,
    describe: 'folder for the packages; what lies there under their names goes',
  })
  .option('native', {
    type: 'string',
    default: join(ROOT, 'build', 'Release'),
    describe: 'folder with glossa.node, and glossa-native where the benches are to go with it',
  })
  .option('cuda', { type: 'string', describe: 'the same of a build for NVIDIA GPUs' })
  .strict()
  .parseSync();

const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const base = `@glossa/native-${process.platform}-${process.arch}`;
const engines = [
  { name: base, from: native, what: 'the CPU' },
  ...(cuda === undefined ? [] : [{ name: `${base}-cuda13`, from: cuda, what: 'the CPU and NVIDIA GPUs' }]),
];

function fail(message) {
  console.error(message);
  process.exit(1);
}

for (const { from } of engines)
  if (!existsSync(join(from, 'glossa.node'))) fail(`${resolve(from)} has no glossa.node; build it: npm run build`);
if (!existsSync(join(ROOT, 'dist', 'index.js'))) fail('dist/ is not there; build it: npm run build');

function emptyFolder(name) {
  const folder = join(out, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
const writeManifest = (folder, manifest) =>
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);

for (const { name, from, what } of engines) {
  const folder = emptyFolder(name);
  const files = ['glossa.node', 'glossa-native'].filter((file) => existsSync(join(from, file)));
  for (const file of files) cpSync(join(from, file), join(folder, file));
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(
    join(folder, 'README.md'),
    `The native engine of glossa for ${process.platform} on ${process.arch}: ${what}.\n`,
  );
  writeManifest(folder, {
    name,
    version: own.version,
    description: `The native engine of glossa: ${what}`,
    license: own.license,
    os: [process.platform],
    cpu: [process.arch],
    ...(process.platform === 'linux' && { libc: ['glibc'] }),
    main: 'glossa.node',
    files,
  });
}

const folder = emptyFolder('glossa');
const files = own.files.filter((file) => !file.startsWith('build/'));
for (const file of [...files, 'README.md', 'LICENSE'])
  cpSync(join(ROOT, file), join(folder, file), { recursive: true });
const kept = Object.entries(own).filter(([key]) => !['scripts', 'devDependencies', 'binary', 'private'].includes(key));
writeManifest(folder, {
  ...Object.fromEntries(kept),
  files,
  optionalDependencies: Object.fromEntries([base, `${base}-cuda13`].map((name) => [name, own.version])),
});
console.log([...engines.map(({ name }) => name), 'glossa'].map((name) => join(resolve(out), name)).join('\n'));
