import { philox4x32 } from '../../src/base/philox.js';

/** What formulas are made of, and what has broken readers of them. */
const PIECES: readonly string[] = [
  ...'\\frac \\sqrt \\boxed{ { } ( ) [ ] ^ _ ^{ \\left( \\right) ! !!! 9 99999 100000 x y 1e999999 . , ; : | || & \\\\ \\cup \\pm = < \\le \\in % ° \\circ \\pi \\infty \\sin \\log_ \\sum_{ \\text{ \\begin{pmatrix} \\end{pmatrix} \\binom + - * / \\cdot $ #### and 三十 만 分之 ½ √ \\overline{ \\} \\{ \\frac{1}{2} x^2 (x+y)^{64} \\sqrt{2} 9^{9^{9}} 3000! e^ i \\tan \\quad \\setminus \\mathbb{R} or p.m. 12:45 2024-05-17 cm^2 <think> </think> 的 원 ๕ \\( \\) \\[ \\] ** answer: 답은'.split(
    ' ',
  ),
  ' ',
  '\n',
  'The answer is ',
  '\u0000',
  '\ud800',
];

/** Hostile strings are functions of the seed and their number: up to 40 pieces, some of them many times over. */
export function hostileString(seed: number, index: number): string {
  let block = 0;
  let words: readonly number[] = [];
  const draw = (below: number): number => {
    if (words.length === 0) words = philox4x32(BigInt(seed), index, block++, 0, 0).map((word) => word >>> 0);
    const [word, ...rest] = words;
    words = rest;
    return word! % below;
  };
  let text = '';
  for (let pieces = 1 + draw(40); pieces > 0; pieces--) {
    const piece = PIECES[draw(PIECES.length)]!;
    text += draw(24) === 0 ? piece.repeat(1 + draw(60)) : piece;
  }
  return draw(40) === 0 ? text.repeat(1 + draw(30)) : text;
}
