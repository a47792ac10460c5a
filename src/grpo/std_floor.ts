/** Added to every divisor, as TRL does; keeps groups of equal rewards at exactly 0. */
export const STD_FLOOR = 1e-4;
