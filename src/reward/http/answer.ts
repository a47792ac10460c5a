import { printable } from '../../base/printable.js';
import type { Called } from '../asked.js';
import { checkedValues } from '../values.js';
import { ServiceFault, type Answer } from './post.js';

/** Characters of an answer that a message shows. */
const SHOWN = 120;

/**
 * The values in an answer, `{ "rewards": [1, 0.5, null] }`, one for each of `rows` completions.
 *
 * @throws ServiceFault where it has none.
 */
export function readAnswer({ status, headers, text }: Answer, rows: number): Called[] {
  if (status === 429 || status === 408 || status >= 500)
    throw new ServiceFault(`answered ${String(status)}: ${shown(text)}`, true, retryAfter(headers['retry-after']));
  if (status >= 300 && status < 400)
    throw new ServiceFault(
      `answered ${String(status)}, a redirect to ${shown(headers.location ?? '')}; redirects are not followed, give that address`,
      false,
    );
  if (status < 200 || status >= 400) throw new ServiceFault(`answered ${String(status)}: ${shown(text)}`, false);
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    const advice = /[[,:\s](?:NaN|-?Infinity)\b/.test(text)
      ? ' (JSON has no NaN and no Infinity; null is "not judged")'
      : '';
    throw new ServiceFault(`answered with what is no JSON${advice}: ${shown(text)}`, false);
  }
  const rewards = typeof answer === 'object' && answer !== null ? (answer as { rewards?: unknown }).rewards : undefined;
  if (!Array.isArray(rewards)) throw new ServiceFault(`answered without a list "rewards": ${shown(text)}`, false);
  if (rewards.length !== rows)
    throw new ServiceFault(
      `answered ${String(rewards.length)} rewards for ${String(rows)} completions: ${shown(text)}`,
      false,
    );
  return checkedValues(rewards, rows, { before: 'answered ', after: '' });
}

/** Retry-After in milliseconds: seconds, or a date. */
function retryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const wait = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

function shown(text: string): string {
  const line = printable(text.slice(0, SHOWN).replaceAll(/\s+/g, ' ').trim());
  return JSON.stringify(text.length > SHOWN ? `${line}...` : line);
}
