/** The moment that every template sees: midnight of 26 July 2024, a prompt must not depend on the day. */
const NOW: Record<string, string> = {
  ...{ a: 'Fri', A: 'Friday', w: '5', u: '5', d: '26', b: 'Jul', h: 'Jul', B: 'July', m: '07', y: '24', Y: '2024' },
  ...{ C: '20', G: '2024', g: '24', H: '00', I: '12', k: ' 0', l: '12', p: 'AM', P: 'am', M: '00', S: '00' },
  ...{ f: '000000', z: '', Z: '', j: '208', U: '29', W: '30', V: '30', e: '26', n: '\n', t: '\t', '%': '%' },
  ...{ c: 'Fri Jul 26 00:00:00 2024', x: '07/26/24', X: '00:00:00', D: '07/26/24', F: '2024-07-26' },
  ...{ T: '00:00:00', R: '00:00', r: '12:00:00 AM', s: '1721952000' },
};

/** Python's `datetime.strftime` on Linux, flags and widths included. What is no code stays as it is. */
export function strftime(format: string): string {
  return format.replace(/%([-_0^#]*)(\d*)([a-zA-Z%])/g, (all, flags: string, width: string, code: string) => {
    const value = NOW[code];
    if (value === undefined) return all;
    const flag = flags.at(-1) ?? '';
    return padded(cased(value, code, flags), flag, Math.min(Number(width), 1000));
  });
}

function cased(value: string, code: string, flags: string): string {
  if (flags.includes('^')) return value.toUpperCase();
  if (!flags.includes('#')) return value;
  return code === 'p' ? value.toLowerCase() : 'aAbBh'.includes(code) ? value.toUpperCase() : value;
}

function padded(value: string, flag: string, width: number): string {
  if (!/^ ?\d+$/.test(value)) return value.padStart(width, flag === '0' ? '0' : ' ');
  const digits = value.trim();
  const bare = digits.replace(/^0+(?=\d)/, '');
  if (flag === '-') return bare;
  if (flag === '_') return bare.padStart(Math.max(width, digits.length), ' ');
  return (flag === '0' ? digits.padStart(value.length, '0') : value).padStart(
    width,
    value.startsWith(' ') && flag !== '0' ? ' ' : '0',
  );
}
