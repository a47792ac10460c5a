/** Matches what any of the tokens is spelt as, the longest where several begin; undefined where there are none. */
export function spellingPattern(tokens: readonly { content: string }[]): RegExp | undefined {
  if (tokens.length === 0) return undefined;
  let pattern = patterns.get(tokens);
  if (pattern === undefined) {
    const contents = tokens.map(({ content }) => content).sort((a, b) => b.length - a.length);
    pattern = new RegExp(contents.map((content) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
    patterns.set(tokens, pattern);
  }
  return pattern;
}

const patterns = new WeakMap<object, RegExp>();
