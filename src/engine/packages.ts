import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the loader asks the system for. */
export interface System {
  platform: string;
  arch: string;
  /** Where /proc and /dev lie; another folder in tests. */
  root: string;
}
const HERE: System = { platform: process.platform, arch: process.arch, root: '/' };

/** An engine that a package brings, built before. */
export interface PrebuiltEngine {
  name: string;
  file: string;
  /** Why it is not tried here; undefined: it is. */
  leftOut?: string;
}

/** The packages that may bring an engine, best first: the one for NVIDIA GPUs where there is one, then the CPU's. */
export function prebuiltEngines(root: string, system: System = HERE): PrebuiltEngine[] {
  const base = `@glossa/native-${system.platform}-${system.arch}`;
  const missing = gpuMissing(system);
  return [{ name: `${base}-cuda13`, ...(missing !== undefined && { leftOut: missing }) }, { name: base }].map(
    (one) => ({ ...one, file: join(folderOf(one.name, root), 'glossa.node') }),
  );
}

/** Why no NVIDIA GPU can be used here; undefined where its driver and a device of it are there. */
function gpuMissing({ root }: System): string | undefined {
  const driver = existsSync(join(root, 'proc/driver/nvidia/version')) || existsSync(join(root, 'dev/dxg'));
  if (!driver) return 'this machine has no NVIDIA driver';
  const devices = existsSync(join(root, 'dev')) ? readdirSync(join(root, 'dev')) : [];
  if (!devices.some((name) => name === 'dxg' || /^nvidia\d+$/.test(name)))
    return 'the NVIDIA driver is there and no device of it';
  return undefined;
}

/** The folder of an installed package, looked for as Node does from `root`; else where it would be. */
function folderOf(name: string, root: string): string {
  for (let dir = root; ; dir = dirname(dir)) {
    const folder = join(dir, 'node_modules', name);
    if (existsSync(folder)) return folder;
    if (dirname(dir) === dir) return join(root, 'node_modules', name);
  }
}
