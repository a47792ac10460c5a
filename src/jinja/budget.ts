import { TemplateFault } from './fault.js';

/** Steps of a rendering: a chat of 100 messages takes some thousands. */
const MOST_STEPS = 1_000_000;
/** Characters of a text, and of all that is printed. */
const LONGEST_TEXT = 1 << 24;
/** Bits of a whole number. */
const LONGEST_INTEGER = 1 << 16;
/** Expressions, blocks and calls inside one another; lists inside lists. */
const DEEPEST = 600;
/** Characters that are handled in the time of a step, roughly. */
const CHARACTERS_A_STEP = 256;

/**
 * What one reading or rendering of a template may cost, whatever it does: tokens, expressions, elements of lists and texts are
 * all paid from here. It does not depend on the machine, so a template ends alike everywhere.
 */
export class Budget {
  private steps = 0;
  private depth = 0;

  spend(steps = 1): void {
    this.steps += steps;
    if (!(this.steps <= MOST_STEPS))
      throw new TemplateFault('limit', `does not end within ${String(MOST_STEPS)} steps`);
  }

  /** Pays for a text of this length before it is made. */
  text(length: number): void {
    if (!(length <= LONGEST_TEXT))
      throw new TemplateFault('limit', `makes a text of more than ${String(LONGEST_TEXT >> 20)} million characters`);
    this.spend(length / CHARACTERS_A_STEP);
  }

  integer(bits: number): void {
    if (!(bits <= LONGEST_INTEGER))
      throw new TemplateFault('limit', `makes a whole number of more than ${String(LONGEST_INTEGER)} bits`);
    this.spend(bits / CHARACTERS_A_STEP);
  }

  /** Does the work one level further down. */
  within<T>(work: () => T): T {
    this.enter();
    const result = work();
    this.leave();
    return result;
  }

  enter(): void {
    if (++this.depth > DEEPEST) throw new TemplateFault('limit', `nests more than ${String(DEEPEST)} levels deep`);
  }

  leave(): void {
    this.depth--;
  }
}
