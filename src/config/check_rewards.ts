import { nearest } from '../base/suggest.js';
import { isPlain } from './files.js';
import type { Finding } from './findings.js';
import type { ConfigPath } from './locate.js';
import type { Config } from './schema.js';
import { scheduleFault } from './sections/scheduled.js';

const OWN_REWARDS = [
  'accuracy',
  'format',
  'language',
  'language_gated',
  'language_plain',
  'language_threshold',
  'language_summary',
];

/** Settings that only some rewards have, and what these have too. */
const BELONG = [
  ...(['settings', 'timeout'] as const).map((key) => ({ key, to: ['module', 'url'] as const })),
  { key: 'memory' as const, to: ['module'] as const },
  ...(['calls', 'batch_size', 'retries', 'headers'] as const).map((key) => ({ key, to: ['url'] as const })),
];

/** Entries of `rewards` that no function can be found for, or that say what means nothing to it. */
export function checkRewards({ rewards }: Pick<Config, 'rewards'>): Finding[] {
  const names = new Set<string>();
  return rewards.flatMap((reward, i): Finding[] => {
    const { name, module, url, settings } = reward;
    const at = (key: string, message: string): Finding => ({
      code: 'CONFIG_IMPOSSIBLE',
      path: ['rewards', i, key],
      message,
    });
    if (names.has(name)) return [at('name', `${name} is there twice`)];
    names.add(name);
    if (module !== undefined && url !== undefined) return [at('url', 'give it or module, not both')];
    const odd = BELONG.filter(({ key, to }) => reward[key] !== undefined && to.every((of) => reward[of] === undefined));
    const findings = odd.map(({ key, to }) => at(key, `is for a reward with ${to.join(' or ')}`));
    const odds = scheduleFault(reward.weight);
    if (odds !== undefined) findings.push(at('weight', odds));
    if (reward.threshold !== undefined && name !== 'language_threshold')
      findings.push(at('threshold', 'is for language_threshold'));
    const fault = dataFault(settings ?? {}, ['rewards', i, 'settings']);
    if (fault) findings.push(fault);
    if (module === undefined && url === undefined && !OWN_REWARDS.includes(name)) findings.push(unknown(name, i));
    return findings;
  });
}

function unknown(name: string, i: number): Finding {
  const near = nearest(name, OWN_REWARDS);
  return {
    code: 'CONFIG_INVALID',
    path: ['rewards', i, 'name'],
    message: `no reward is called ${name}${near ? `; did you mean ${near}?` : ''} (${OWN_REWARDS.join(', ')}, or your own with \`module\` or \`url\`)`,
  };
}

/** The first value that JSON has not. */
function dataFault(value: unknown, path: ConfigPath): Finding | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number' && Number.isFinite(value)) return undefined;
  if (!Array.isArray(value) && !isPlain(value)) {
    const message = `expected plain data (text, finite numbers, true, false, null, lists and sections of them), got ${typeof value === 'number' ? String(value) : 'what its tag makes of it'}`;
    return { code: 'CONFIG_INVALID', path, message };
  }
  for (const [key, each] of Object.entries(value)) {
    const fault = dataFault(each, [...path, Array.isArray(value) ? Number(key) : key]);
    if (fault) return fault;
  }
  return undefined;
}
