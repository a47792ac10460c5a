// A folder laid out like Node's own headers, for node-gyp's --nodedir: Node-API and the few settings node-gyp asks for.
// It takes the place of the header archive that node-gyp would otherwise download.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD, ROOT } from './paths.mjs';

// What Node's common.gypi adds to an addon that matters here; flags of our own are in binding.gyp.
const COMMON = {
  target_defaults: {
    default_configuration: 'Release',
    configurations: {
      Release: { cflags: ['-O3'], defines: ['NDEBUG'], xcode_settings: { GCC_OPTIMIZATION_LEVEL: '3' } },
      Debug: { cflags: ['-O0', '-g'], xcode_settings: { GCC_OPTIMIZATION_LEVEL: '0' } },
    },
    conditions: [
      ['OS=="mac"', { defines: ['_DARWIN_USE_64_BIT_INODE=1'], xcode_settings: { CLANG_CXX_LIBRARY: 'libc++' } }],
      ['OS!="mac" and OS!="win"', { cflags: ['-fPIC', '-pthread'], ldflags: ['-pthread'] }],
    ],
  },
};

/** Writes the folder and returns its path. */
export function writeGypHeaders() {
  const folder = join(BUILD, 'node-api');
  const include = join(folder, 'include', 'node');
  mkdirSync(include, { recursive: true });
  cpSync(join(ROOT, 'node_modules', 'node-api-headers', 'include'), include, { recursive: true });
  writeFileSync(join(include, 'common.gypi'), JSON.stringify(COMMON, null, 2));
  writeFileSync(join(include, 'config.gypi'), JSON.stringify({ target_defaults: {}, variables: {} }, null, 2));
  return folder;
}
