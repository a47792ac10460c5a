import { configSchema } from './schema.js';

/** A config of any version without the settings that this version does not know, in any section. */
export function knownSettings(config: unknown): unknown {
  const known = structuredClone(config);
  for (const issue of configSchema.safeParse(config).error?.issues ?? []) {
    if (issue.code !== 'unrecognized_keys') continue;
    const section = issue.path.reduce((at, part) => (at as Record<PropertyKey, unknown>)[part], known);
    for (const key of issue.keys) Reflect.deleteProperty(section as object, key);
  }
  return known;
}
