import { z } from 'zod';

/** The largest float that the engine takes: it stays finite as a float32. */
export const LARGEST = 1e30;

// Kinds of numbers that several sections have. The bounds are those of what is computed with them; `unit` stands in the table.
export const seed = z.int().min(0).meta({ unit: 'none' });
export const count = z
  .int()
  .min(1)
  .max(2 ** 31 - 1)
  .meta({ unit: 'things' });
export const share = z.number().min(0).max(1).meta({ unit: 'share' });
export const weight = z.number().min(0).max(1e6).meta({ unit: 'weight' });
export const positive = z.number().positive();
/** Optimizer steps of a run: the engine's counters have 24 bits. */
export const MOST_STEPS = 2 ** 24 - 1;
