import { nearest } from '../base/suggest.js';
import { ALLOWED_NAMES } from '../decoding/index.js';
import { impossible, type Finding } from './findings.js';
import type { Config } from './schema.js';

/** Names of scripts and languages that are none. */
export function checkDecoding({ decoding: { allow, others, also } }: Config): Finding[] {
  const findings: Finding[] = [];
  if (allow === undefined) {
    if (others !== 'mask') findings.push(impossible(['decoding', 'others'], 'there are no others without allow'));
    if (also.length > 0) findings.push(impossible(['decoding', 'also'], 'there is nothing to except without allow'));
    return findings;
  }
  for (const [i, name] of [allow].flat().entries()) {
    if (ALLOWED_NAMES.includes(name)) continue;
    const near = nearest(name, ALLOWED_NAMES);
    const path = typeof allow === 'string' ? ['decoding', 'allow'] : ['decoding', 'allow', i];
    const advice = near === undefined ? ` (${ALLOWED_NAMES.join(', ')})` : `; did you mean ${near}?`;
    findings.push(impossible(path, `no script or language is called ${name}${advice}`));
  }
  return findings;
}
