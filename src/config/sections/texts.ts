import { z } from 'zod';

/** Name of a file or folder. */
export const path = z
  .string()
  .min(1, 'expected a path')
  .regex(/^[^\0]*$/, 'a path has no NUL character');
