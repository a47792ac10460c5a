#!/usr/bin/env node
// The command `glossa`. It is committed, not compiled, so that npm always finds it: before the first build it says what to
// run. Syntax and built-ins that old versions of Node read, so that they can be told what they lack.
import { existsSync } from 'node:fs';

var required = [20, 19];
var version = process.versions.node.split('.').map(Number);
var main = new URL('../dist/bundle/main.js', import.meta.url);

if (version[0] < required[0] || (version[0] === required[0] && version[1] < required[1])) {
  console.error(
    'error NODE_TOO_OLD: glossa needs Node ' +
      required.join('.') +
      ' or later; this is ' +
      process.versions.node +
      '.\n' +
      '  Install a later one: https://nodejs.org/en/download, or `nvm install 22`, then run the same command again.',
  );
  process.exitCode = 1;
} else if (!existsSync(main)) {
  console.error(
    'error NOT_BUILT: glossa is not built yet in ' +
      decodeURIComponent(new URL('..', import.meta.url).pathname) +
      '\n' +
      '  npm run build      builds it (once, two to three minutes); then run the same command again',
  );
  process.exitCode = 1;
} else {
  import(main.href);
}
