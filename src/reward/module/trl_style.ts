import type { RewardCalls } from '../types.js';

const HINT = `TRL calls a function with lists of a whole batch and columns by name; glossa with one completion, or an array of them:
    export default ({ problem, completion, ids, settings }) => number | null      // problem.row has the columns
  or, for a group at a time,
    export const calls = 'group';
    export default (inputs) => inputs.map(({ completion }) => number | null)`;

/**
 * What is wrong with a function that is written as TRL calls its reward functions, `(prompts, completions, ...)` or
 * `({ prompts, completions, ... })`, or that takes more than the one argument it is given; undefined of others. It goes by the names
 * and the number of the parameters.
 */
export function trlStyle(call: object, calls: RewardCalls): { message: string; hint: string } | undefined {
  const parameters = parametersOf(Function.prototype.toString.call(call));
  const [first = ''] = parameters;
  const destructured = first.startsWith('{') && /[{,]\s*(?:prompts|completions|completion_ids)\b/.test(first);
  const names = parameters.map((parameter) => /^[\w$]+/.exec(parameter)?.[0] ?? '');
  const positional =
    names.includes('prompts') ||
    (names[0] === 'completions' && (calls === 'completion' || parameters.length > 1)) ||
    names.indexOf('completions') > 0;
  if (destructured || positional)
    return { message: `takes (${parameters.join(', ').slice(0, 100)}), as TRL's reward functions do`, hint: HINT };
  const required = (call as { length?: number }).length ?? 0;
  if (required > 1) return { message: `takes ${String(required)} arguments; it is given one`, hint: HINT };
  return undefined;
}

/** The parameters in a function's source, one text each. */
function parametersOf(source: string): string[] {
  const alone = /^(?:async\s+)?([\w$]+)\s*=>/.exec(source);
  if (alone) return [alone[1]!];
  const open = source.indexOf('(');
  const parameters: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let at = open; at >= 0 && at < source.length; at++) {
    const letter = source[at]!;
    if ('([{'.includes(letter)) depth++;
    if (')]}'.includes(letter)) depth--;
    if ((letter === ',' && depth === 1) || depth === 0) {
      parameters.push(source.slice(from, at).replaceAll(/\s+/g, ' ').trim());
      from = at + 1;
    }
    if (depth === 0) break;
  }
  return parameters.filter((parameter) => parameter !== '');
}
