import { TemplateFault } from './fault.js';

/** Steps of a rendering: a chat of 100 messages takes some thousands. */
const MOST_STEPS = 1_000_000;
/** Characters of a text, and of all that is printed. */
const LONGEST_TEXT = 1 << 22;
/** Bits of a whole number. */
const LONGEST_INTEGER = 1 << 16;
/** Expressions, blocks and calls inside one another while a template is rendered; lists inside lists. */
const DEEPEST = 600;
/** Characters that are handled in the time of a step, roughly. */
const CHARACTERS_A_STEP = 64;

/**
 * What one reading or rendering of a template may cost, whatever it does: tokens, expressions, elements of lists and texts are
 * all paid from here. It does not depend on the machine, so a template ends alike everywhere.
 */
export class Budget {
  private steps = 0;
  private depth = 0;

  constructor(private readonly deepest = DEEPEST) {}

  spend(steps = 1): void {
    this.steps += steps;
    if (!(this.steps <= MOST_STEPS))
      throw new TemplateFault('limit', `does not end within ${String(MOST_STEPS)} steps`);
  }

  /** Pays for a text of this length before it is made. */
  text(length: number): void {
    this.checkText(length);
    this.spend(length / CHARACTERS_A_STEP);
  }

  /** Pays for work on each character of a text. */
  characters(length: number): void {
    this.checkText(length);
    this.spend(length / 4);
  }

  checkText(length: number): void {
    if (!(length <= LONGEST_TEXT))
      throw new TemplateFault('limit', `makes a text of more than ${String(LONGEST_TEXT >> 20)} million characters`);
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
    if (++this.depth > this.deepest)
      throw new TemplateFault('limit', `nests more than ${String(this.deepest)} levels deep`);
  }

  leave(): void {
    this.depth--;
  }
}
