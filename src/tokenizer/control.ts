import type { ControlToken } from './types.js';

/** A stretch of text, or a control token that stands between stretches. */
export type Segment = { text: string } | { control: ControlToken };

/** Splits text at the control tokens it spells, the longest first; white space goes to tokens that take it. */
export function splitAtControlTokens(text: string, tokens: readonly ControlToken[]): Segment[] {
  const pattern = controlPattern(tokens);
  if (pattern === undefined) return text === '' ? [] : [{ text }];
  const byContent = new Map(tokens.map((token) => [token.content, token]));
  const segments: Segment[] = [];
  let start = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index < start) continue; // inside white space that the token before has taken
    const control = byContent.get(match[0])!;
    const before = text.slice(start, match.index);
    const kept = control.lstrip ? before.trimEnd() : before;
    if (kept !== '') segments.push({ text: kept });
    segments.push({ control });
    start = match.index + match[0].length;
    if (control.rstrip) start = text.length - text.slice(start).trimStart().length;
  }
  if (start < text.length) segments.push({ text: text.slice(start) });
  return segments;
}

const patterns = new WeakMap<readonly ControlToken[], RegExp>();

/** Matches any control token, the longest where several begin; undefined where there are none. */
export function controlPattern(tokens: readonly ControlToken[]): RegExp | undefined {
  if (tokens.length === 0) return undefined;
  let pattern = patterns.get(tokens);
  if (pattern === undefined) {
    const contents = tokens.map(({ content }) => content).sort((a, b) => b.length - a.length);
    pattern = new RegExp(contents.map((content) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
    patterns.set(tokens, pattern);
  }
  return pattern;
}
