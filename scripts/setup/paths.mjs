import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const BUILD = join(ROOT, 'build');
export const LOG = join(BUILD, 'setup.log');
/** Where glossa.node and glossa-native end up, whoever built them. */
export const RELEASE = join(BUILD, 'Release');
