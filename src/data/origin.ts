import type { Problem } from './types.js';

/** Where a problem was read from: a file, and a line or row of it. */
export interface Origin {
  file: string;
  line: number;
}

const origins = new WeakMap<Problem, Origin>();

/** A problem that was read from a file; graders see nothing of where it is from. */
export function withOrigin(problem: Problem, origin: Origin): Problem {
  origins.set(problem, origin);
  return problem;
}

/** Undefined of problems that were read from no file, and of copies. */
export function originOf(problem: Problem): Origin | undefined {
  return origins.get(problem);
}

/** A copy of a problem, which is from where the problem is from. */
export function sameOrigin(copy: Problem, problem: Problem): Problem {
  const origin = originOf(problem);
  return origin === undefined || origins.has(copy) ? copy : withOrigin(copy, origin);
}
