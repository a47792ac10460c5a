import type { Collected } from './collect.js';

/** Says once, of a process of a run, that its prompts begin thoughts which no completion of a generation ends. */
export class ThoughtWatch {
  private told = false;

  /** The warning of a generation whose first step is `step`, where there is one. */
  look({ graded, finish }: Pick<Collected, 'graded' | 'finish'>, step: number): string | undefined {
    // A verifier of the user's own may look for answers in thoughts.
    if (this.told || graded.length === 0) return undefined;
    if (!graded.every(({ unclosed, correct }) => unclosed && correct !== true)) return undefined;
    this.told = true;
    const cut = finish.filter((reason) => reason === 'length').length;
    const budget =
      cut > 0 ? `${String(cut)} of them were cut off: give them more with grpo.max_completion_length. ` : '';
    return (
      `step ${String(step)}: the prompts begin a thought, and not one of ${String(graded.length)} completions ends it; answers are looked for behind its end, so none is judged right. ` +
      `${budget}Where the model does not think between such tags, let the prompt open none (prompt.think_prefix, prompt.think_tags, or the template; docs/prompts.md)`
    );
  }
}
