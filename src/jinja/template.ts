import { Budget } from './budget.js';
import { fromJson } from './from_json.js';
import { Interpreter } from './interpreter.js';
import type { Statement } from './nodes.js';
import { parseTemplate } from './statements.js';
import type { Value } from './values.js';

/** Brackets and blocks inside one another: more than Jinja itself can read. */
const DEEPEST_SYNTAX = 120;

/** A template that was read. */
export interface Template {
  readonly body: readonly Statement[];
}

/** @throws TemplateFault with its line. */
export function compile(text: string): Template {
  return { body: parseTemplate(text, new Budget(DEEPEST_SYNTAX)) };
}

/** Texts that are written before and behind the body of every `{% generation %}`. */
export type GenerationMarks = readonly [begin: string, end: string];

/**
 * The template's text for these variables: JSON values, where whole numbers are ints. `marks` are characters that printing
 * leaves as they are. @throws TemplateFault with its line.
 */
export function render(
  template: Template,
  variables: Record<string, unknown>,
  marks: readonly string[] = [],
  generation?: GenerationMarks,
): string {
  const budget = new Budget();
  const values = Object.entries(variables)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, fromJson(value, budget)] as [string, Value]);
  return new Interpreter(budget, marks, generation).run(template.body, values);
}
