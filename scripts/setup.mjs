// Set-up for `npm run demo`, `npm test` and `npm run build`: dependencies, native engine, TypeScript. Plain Node, because
// it runs before anything is installed. Nothing is done twice: see setup/main.mjs.
//   node scripts/setup.mjs [--tool] [--cuda|--no-cuda]
// --tool also builds build/Release/glossa-native: native tests, benches and checks. --cuda builds both for NVIDIA GPUs too,
// from then on, until --no-cuda.
//
// This file keeps to syntax that old versions of Node read, so that they can be told what they lack.
var required = [20, 19];
var version = process.versions.node.split('.').map(Number);

if (version[0] < required[0] || (version[0] === required[0] && version[1] < required[1])) {
  console.error(
    'glossa needs Node ' +
      required.join('.') +
      ' or later; this is ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').\n  Install a later one: https://nodejs.org/en/download, or `nvm install 22`, then run the same command again.',
  );
  process.exit(1);
}
import('./setup/main.mjs').then(function (main) {
  const given = function (flag) {
    return process.argv.indexOf(flag) !== -1;
  };
  return main.setUp({ tool: given('--tool'), cuda: given('--cuda') ? true : given('--no-cuda') ? false : undefined });
});
