/** Matches what any special token is spelt as, the longest where several begin; undefined where there are none. */
export function spellingPattern(tokens: readonly { content: string; special: boolean }[]): RegExp | undefined {
  let pattern = patterns.get(tokens);
  if (pattern === undefined) {
    const special = tokens.filter((token) => token.special);
    if (special.length === 0) return undefined;
    const contents = special.map(({ content }) => content).sort((a, b) => b.length - a.length);
    pattern = new RegExp(contents.map((content) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
    patterns.set(tokens, pattern);
  }
  return pattern;
}

const patterns = new WeakMap<object, RegExp>();
