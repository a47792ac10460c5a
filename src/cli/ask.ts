import { createInterface } from 'node:readline/promises';
import { GlossaError } from '../base/error.js';

/**
 * Asks a person at a terminal; without one, or with a no, the command is refused.
 *
 * @param flag what answers yes on a command line.
 * @throws GlossaError of the given code.
 */
export async function requireYes(
  question: string,
  { code, flag }: { code: 'SWEEP_EDITED' | 'SWEEP_LARGE'; flag: string },
): Promise<void> {
  const refused = new GlossaError(code, question, { hint: `${flag} says yes` });
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw refused;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-C and Ctrl-D are a no.
    const answer = await asking.question(`${question} [y/N] `).catch(() => '');
    if (!/^y(es)?$/i.test(answer.trim())) throw refused;
  } finally {
    asking.close();
  }
}
