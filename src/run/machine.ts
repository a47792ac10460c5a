import { readFileSync } from 'node:fs';
import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { nativeInfo } from '../engine/index.js';
import { commitOf } from './commit.js';
import type { Machine } from './record.js';

/** What this process runs on; kept in run.json and shown by `npx glossa doctor`. */
export function describeMachine(): Machine {
  const { version, isas, devices, gpu, cores, path } = nativeInfo();
  const commit = glossaCommit();
  return {
    glossa: glossaVersion(),
    ...(commit !== undefined && { commit }),
    host: hostname(),
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores,
    memoryGb: Math.round(totalmem() / 2 ** 27) / 8,
    native: { path, version, isas },
    ...(devices.some((device) => device.startsWith('cuda')) && { gpu }),
  };
}

/** Commit of the checkout that this program runs from; undefined where it was installed without one. */
function glossaCommit(): string | undefined {
  return commitOf(fileURLToPath(new URL('../../', import.meta.url)));
}

/** From package.json, two folders up from both src/ and dist/. */
export function glossaVersion(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;
}
