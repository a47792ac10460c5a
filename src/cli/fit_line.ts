/** A part of a line. */
export interface Part {
  long: string;
  /** Where there is little room. */
  short: string;
  /** Parts of low rank are shortened, and then left out, first; one without a rank is never left out. */
  rank?: number;
}

/**
 * A line of parts for a terminal of `width` columns: long where it fits, else parts are shortened and then left out by their
 * rank. What must stay and has no room on one line goes on with the next.
 */
export function fitLine(parts: readonly Part[], width: number): string[] {
  const order = parts.map((_, i) => i).sort((a, b) => rankOf(parts[a]!) - rankOf(parts[b]!));
  const texts = parts.map((part) => part.long);
  const kept = () => texts.filter((text) => text !== '');
  const line = (gap: string) => kept().join(gap);
  if (line('  ').length <= width) return [line('  ')];
  for (const i of order) {
    texts[i] = parts[i]!.short;
    if (line('  ').length <= width) return [line('  ')];
  }
  for (const i of order) {
    if (line(' ').length <= width) break;
    if (parts[i]!.rank !== undefined) texts[i] = '';
  }
  return wrap(kept(), width);
}

const rankOf = ({ rank }: Part): number => rank ?? Infinity;

/** Texts one after the other, on as many lines as they need. */
export function wrap(texts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + text.length <= width) lines[lines.length - 1] = `${last} ${text}`;
    else lines.push(text);
  }
  return lines;
}
