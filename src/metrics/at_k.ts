/** `pass@4`: a figure of k completions a problem. */
export type AtK = `${'pass' | 'avg' | 'maj'}@${number}`;

/**
 * The chance that at least one of k completions is right, of a problem with `right` right ones among n: 1 - C(n - right, k) / C(n, k),
 * unbiased (Chen et al. 2021, arXiv 2107.03374), as a product that does not overflow.
 */
export function passAtK(n: number, right: number, k: number): number {
  let none = 1;
  for (let i = n - right + 1; i <= n; i++) none *= Math.max(0, 1 - k / i);
  return 1 - none;
}

/** A completion's say in a majority. */
export interface Vote {
  /** The final answer found in it; null: none, and no say. */
  answer: string | null;
  correct: boolean;
}

/**
 * What the majority of a problem's completions answers: the chance that it is right, where the most frequent answers of equal number
 * are drawn from, and whether there is such a tie. Right answers are one answer, for each equals the gold one; wrong ones are
 * one where `same` says so, each compared with the first of its kind. Without an answer at all the majority is wrong.
 */
export function majority(
  votes: readonly Vote[],
  same: (a: string, b: string) => boolean,
): { right: number; tie: boolean } {
  const wrong: { answer: string; votes: number }[] = [];
  let right = 0;
  for (const { answer, correct } of votes) {
    if (correct) right++;
    else if (answer !== null) {
      const kind = wrong.find((each) => each.answer === answer) ?? wrong.find((each) => same(each.answer, answer));
      if (kind) kind.votes++;
      else wrong.push({ answer, votes: 1 });
    }
  }
  const most = wrong.reduce((greatest, each) => Math.max(greatest, each.votes), right);
  if (most === 0) return { right: 0, tie: false };
  const leaders = wrong.filter((each) => each.votes === most).length + Number(right === most);
  return { right: right === most ? 1 / leaders : 0, tie: leaders > 1 };
}

/** The k of pass@k for n completions a problem: powers of 2, and n. */
export function passKs(n: number): number[] {
  const ks: number[] = [];
  for (let k = 1; k < n; k *= 2) ks.push(k);
  return [...ks, n];
}
