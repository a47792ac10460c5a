/** Marks between which models think, and their ends: `<think>`, `<|thinking|>`, `[THINK]`, `◁think▷`, channels of analysis. */
const MARK =
  /<\/?(?:seed:)?(?:think|thinking|thoughts?|reasoning|reason|analysis|reflection|scratchpad|cot)\s?>|<\|\/?(?:think|thinking|thought|reasoning)\|>|\[\/?THINK\]|◁\/?think▷|<\|(?:begin|end)_of_thought\|>|<unused9[45]>|<\|channel\|>(?:analysis|commentary|final)<\|message\|>/gi;
const END = /\/|\|end|95|final/i;

/** The prompt had begun a thought; and where a run has tags of its own for it, those. */
export type Thought = boolean | { open: boolean; tags: ThinkTags };
export type ThinkTags = readonly [open: string, close: string];

/**
 * What a completion says after its thought: the text behind the last end mark; all of it where it has no marks. Null where a
 * thought was begun and never ended; `open`: the prompt had begun one already. Tags of a run's own count beside the known marks.
 */
export function afterThought(text: string, thought: Thought = false): string | null {
  const { open, tags } = typeof thought === 'boolean' ? { open: thought, tags: undefined } : thought;
  let last: { end: boolean; behind: number } | undefined;
  for (const { index, 0: mark } of text.matchAll(MARK)) last = { end: END.test(mark), behind: index + mark.length };
  for (const [i, tag] of (tags ?? []).entries()) {
    const at = text.lastIndexOf(tag);
    if (at >= 0 && at + tag.length > (last?.behind ?? 0)) last = { end: i === 1, behind: at + tag.length };
  }
  if (last === undefined) return open ? null : text;
  return last.end ? text.slice(last.behind) : null;
}
