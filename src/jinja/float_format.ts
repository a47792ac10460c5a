/** A finite number with this many digits behind the point; ties go to the even digit, as in C and Python. */
export function fixed(value: number, digits: number): string {
  const negative = value < 0 || Object.is(value, -0);
  const { mantissa, exponent } = exactParts(Math.abs(value));
  // value = mantissa * 2^exponent; scaled by 10^digits and rounded.
  let scaled = mantissa * 10n ** BigInt(digits);
  if (exponent >= 0) scaled <<= BigInt(exponent);
  else scaled = halfEven(scaled, 1n << BigInt(-exponent));
  const text = scaled.toString().padStart(digits + 1, '0');
  const point = text.length - digits;
  return `${negative ? '-' : ''}${text.slice(0, point)}${digits > 0 ? `.${text.slice(point)}` : ''}`;
}

/** As `1.25e+10`, with this many digits behind the point. */
function exponential(value: number, digits: number): string {
  if (value === 0) return `${fixed(value, digits)}e+00`;
  let exponent = Number(value.toExponential().split('e')[1]);
  let figures = significant(Math.abs(value), exponent, digits);
  if (figures.length > digits + 1) figures = significant(Math.abs(value), ++exponent, digits);
  const sign = exponent < 0 ? '-' : '+';
  const mantissa = digits > 0 ? `${figures[0]!}.${figures.slice(1)}` : figures;
  return `${value < 0 ? '-' : ''}${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** C's `%g`: the shorter of the two forms, with this many significant digits. */
function general(value: number, precision: number, keepZeros: boolean): string {
  const digits = Math.max(1, precision);
  const exponent = value === 0 ? 0 : Number(exponential(value, digits - 1).split('e')[1]);
  const text =
    exponent < -4 || exponent >= digits ? exponential(value, digits - 1) : fixed(value, digits - 1 - exponent);
  if (keepZeros || !text.includes('.')) return text;
  return text.replace(/\.?0+(?=e|$)/, '');
}

/** A float as `e`, `f` or `g` writes it; upper case for an upper-case type. */
export function floatByType(value: number, type: string, precision: number, alternate: boolean): string {
  const lower = type.toLowerCase();
  let text: string;
  if (!Number.isFinite(value)) text = Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  else if (lower === 'f') text = fixed(value, precision);
  else text = lower === 'e' ? exponential(value, precision) : general(value, precision, alternate);
  return type === lower ? text : text.toUpperCase();
}

function significant(value: number, exponent: number, digits: number): string {
  const { mantissa, exponent: binary } = exactParts(value);
  const scale = digits - exponent;
  let numerator = mantissa * (scale > 0 ? 10n ** BigInt(scale) : 1n);
  let denominator = scale < 0 ? 10n ** BigInt(-scale) : 1n;
  if (binary >= 0) numerator <<= BigInt(binary);
  else denominator <<= BigInt(-binary);
  return halfEven(numerator, denominator).toString();
}

export function halfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  if (twice < denominator || (twice === denominator && quotient % 2n === 0n)) return quotient;
  return quotient + 1n;
}

function exactParts(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const all = view.getBigUint64(0);
  const biased = Number((all >> 52n) & 0x7ffn);
  const fraction = all & 0xfffffffffffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}
