/** Types that weights are stored in, by the names that safetensors has for them. */
export const STORED_TYPES = ['F32', 'BF16', 'F16'] as const;
export type StoredType = (typeof STORED_TYPES)[number];

/** What is this large, or larger, becomes infinite when it is stored. */
export const BEYOND: Record<StoredType, number> = { F32: 2 ** 128 - 2 ** 103, BF16: 2 ** 128 - 2 ** 119, F16: 65520 };

/** Stored numbers as float64, which holds each of them exactly. `bytes`: little-endian, as on disk. */
export function readNumbers(bytes: Buffer, type: StoredType): Float64Array {
  if (type === 'F32') return Float64Array.from(new Float32Array(aligned(bytes)));
  const codes = new Uint16Array(aligned(bytes));
  return Float64Array.from(codes, type === 'BF16' ? fromBfloat16 : (code) => (halves ??= allHalves())[code]!);
}

/**
 * Numbers as they are stored: rounded to float32 and from there to the type, to the nearest, ties to the even one. What lies
 * beyond the range becomes infinite.
 */
export function writeNumbers(values: Float64Array, type: StoredType): Buffer {
  const singles = Float32Array.from(values);
  if (type === 'F32') return Buffer.from(singles.buffer);
  const code = type === 'BF16' ? toBfloat16 : toHalf;
  return Buffer.from(Uint16Array.from(new Uint32Array(singles.buffer), code).buffer);
}

/** A copy that typed arrays can look at: a buffer's memory may begin anywhere. */
function aligned(bytes: Buffer): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

const bits = new Uint32Array(1);
const single = new Float32Array(bits.buffer);

function fromBfloat16(code: number): number {
  bits[0] = code << 16;
  return single[0]!;
}

/** Of the bits of a float32 that is finite or infinite. */
function toBfloat16(word: number): number {
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

/** Of the bits of a float32 that is finite or infinite. */
function toHalf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  bits[0] = word & 0x7fffffff;
  const value = single[0]!;
  if (value >= BEYOND.F16) return sign | 0x7c00;
  // Numbers of the same power of two lie a fixed step apart, below 2^-14 that of the smallest.
  const exponent = Math.max((bits[0] >>> 23) - 127, -14);
  const steps = roundHalfEven(value * 2 ** (10 - exponent));
  // 1024 steps are the next power of two, which the addition makes of it.
  return sign | (value < 2 ** -14 ? steps : ((exponent + 14) << 10) + steps);
}

/** Of a number whose halves are exact. */
function roundHalfEven(value: number): number {
  const whole = Math.floor(value);
  const rest = value - whole;
  return rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? whole + 1 : whole;
}

/** The float16 of every code. */
function allHalves(): Float64Array {
  return Float64Array.from({ length: 2 ** 16 }, (_, code) => {
    const exponent = (code >>> 10) & 31;
    const fraction = code & 1023;
    const size =
      exponent === 31
        ? fraction === 0
          ? Infinity
          : NaN
        : exponent === 0
          ? fraction * 2 ** -24
          : (1024 + fraction) * 2 ** (exponent - 25);
    return code & 0x8000 ? -size : size;
  });
}
let halves: Float64Array | undefined;
