/** The left side of an equation, where it only names what is asked for: x, x_1, f(x), AB, |AB|, NO/BO, (p, q), D. */
export function nameOf(left: string): string | null {
  const bare = left
    .replace(/\\(?:d?frac|text|mathrm|mathbf|overline|vec|angle|quad|,|;| )|[\s{}$\\]/g, '')
    .replace(/:$/, '');
  if (bare.length === 0 || bare.length > 40) return null;
  if (
    /^[\p{L}\p{M}°']+(?:_?\d{1,3}|_\p{L}{1,8})?(?:\((?:[A-Za-z]|-?\d{1,4})(?:,(?:[A-Za-z]|-?\d{1,4}))*\))?$/u.test(bare)
  )
    return bare.replace(/\(.*/, '');
  if (/^\|[A-Z]{1,3}\|$|^\([A-Za-z](?:_?\d)?(?:,[A-Za-z](?:_?\d)?){1,5}\)$/.test(bare)) return bare;
  return /^[A-Z]{1,3}(?:_?\d)?[/:][A-Z]{1,3}(?:_?\d)?$/.test(bare) ? bare : null;
}
