/** Marks between which models think: `<think>`, `[THINK]`, `◁think▷`, `<|begin_of_thought|>` and their ends. */
const MARK =
  /<(\/?)(?:think|thinking|thought|reasoning)>|\[(\/?)THINK\]|◁(\/?)think▷|<\|(?:begin|(end))_of_thought\|>/gi;

/**
 * What a completion says after its thought: the text behind the last end mark; all of it where it has no marks. Null where a
 * thought was begun and never ended; `open`: the prompt had begun one already.
 */
export function afterThought(text: string, open = false): string | null {
  let from = 0;
  for (const mark of text.matchAll(MARK)) {
    open = mark.slice(1).every((end) => !end);
    from = mark.index + mark[0].length;
  }
  return open ? null : text.slice(from);
}
