/**
 * The soft overlong punishment of DAPO (arXiv 2503.14476, equation 13; TRL's get_soft_overlong_punishment): 0 up to
 * `longest - buffer` tokens, from there along a line to -1 at `longest`, and -1 beyond.
 */
export function overlongPunishment(tokens: number, { longest, buffer }: { longest: number; buffer: number }): number {
  const free = longest - buffer;
  if (tokens <= free) return 0;
  return tokens <= longest ? (free - tokens) / buffer : -1;
}
