import { validateHeaderName, validateHeaderValue, type OutgoingHttpHeaders } from 'node:http';
import { GlossaError } from '../../base/error.js';
import type { RewardSettings } from '../types.js';

/**
 * Headers of every request: those of the config, in which `${NAME}` is the environment's, so that a key need not stand in a config
 * or in run.json. Errors: REWARD_SERVICE, which does not show values.
 */
export function headersOf({ name, headers = {} }: RewardSettings): OutgoingHttpHeaders {
  const refused = (header: string, why: string): GlossaError =>
    new GlossaError('REWARD_SERVICE', `reward ${name}: header ${header}: ${why}`, {
      hint: 'set the variable, or mend headers in the config',
    });
  const given = Object.entries(headers).map(([header, text]): [string, string] => {
    const value = text.replaceAll(/\$\{(\w+)\}/g, (_, variable: string) => {
      const found = process.env[variable];
      if (found === undefined) throw refused(header, `the environment has no ${variable}`);
      return found;
    });
    try {
      validateHeaderName(header);
      validateHeaderValue(header, value);
    } catch {
      throw refused(header, 'its name or value cannot be sent');
    }
    return [header.toLowerCase(), value];
  });
  // An answer that came compressed could be of any size.
  return { ...Object.fromEntries(given), 'content-type': 'application/json', 'accept-encoding': 'identity' };
}
