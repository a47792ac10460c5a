/** What a pattern with `*` (any characters) and `?` (any one) stands for; everything else is itself. */
export function globExpression(pattern: string): RegExp {
  const escaped = pattern.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\\\*/g, '.*').replace(/\\\?/g, '.')}$`, 'su');
}

export const isPattern = (path: string): boolean => /[*?]/.test(path);
