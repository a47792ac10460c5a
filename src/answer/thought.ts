/** Marks between which models think, and their ends: `<think>`, `<|thinking|>`, `[THINK]`, `◁think▷`, channels of analysis. */
const MARK =
  /<\/?(?:seed:)?(?:think|thinking|thoughts?|reasoning|reason|analysis|reflection|scratchpad|cot)\s?>|<\|\/?(?:think|thinking|thought|reasoning)\|>|\[\/?THINK\]|◁\/?think▷|<\|(?:begin|end)_of_thought\|>|<unused9[45]>|<\|channel\|>(?:analysis|commentary|final)<\|message\|>/gi;
const END = /\/|\|end|95|final/i;

/**
 * What a completion says after its thought: the text behind the last end mark; all of it where it has no marks. Null where a
 * thought was begun and never ended; `open`: the prompt had begun one already.
 */
export function afterThought(text: string, open = false): string | null {
  let last: RegExpExecArray | undefined;
  for (const mark of text.matchAll(MARK)) last = mark;
  if (last === undefined) return open ? null : text;
  return END.test(last[0]) ? text.slice(last.index + last[0].length) : null;
}
