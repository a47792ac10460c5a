import { GlossaError } from '../base/error.js';
import type { TemplateFile } from '../tokenizer/index.js';
import { Environment, Interpreter, parse, tokenize, type Program, type RuntimeValue } from './jinja.js';
import { lineOfFault } from './template_line.js';

/** Expressions evaluated, list elements and kilobytes of text passed on: a chat of 100 messages takes some thousands. */
const MOST_STEPS = 500_000;
/** Characters of a prompt, and of any text on the way to it. */
const LONGEST_TEXT = 1 << 24;
const LONGEST_RANGE = 100_000;

const programs = new WeakMap<TemplateFile, Program>();

/**
 * Renders a Jinja template within bounds that do not depend on the machine: a template that loops for ever, or doubles a text
 * again and again, ends in an error.
 *
 * @throws GlossaError PROMPT_TEMPLATE naming the file and, where it can be found, the line.
 */
export function renderTemplate(template: TemplateFile, variables: Record<string, unknown>): string {
  try {
    let program = programs.get(template);
    if (program === undefined) {
      program = parseTemplate(template.text);
      programs.set(template, program);
    }
    return run(program, variables);
  } catch (cause) {
    throw templateError(template, variables, cause);
  }
}

/** As Transformers sets Jinja up: a block's line break, and the white space before a block, are not output. */
function parseTemplate(text: string): Program {
  return parse(tokenize(text, { lstrip_blocks: true, trim_blocks: true }));
}

function run(program: Program, variables: Record<string, unknown>): string {
  const globals = new Environment();
  for (const [name, value] of Object.entries({ ...GLOBALS, ...variables })) globals.set(name, value);
  return String(new BoundedInterpreter(globals).run(program).value);
}

class BoundedInterpreter extends Interpreter {
  private steps = 0;

  override evaluate(node: object | undefined, scope: object): RuntimeValue {
    const result = super.evaluate(node, scope);
    const { value } = result;
    this.steps += 1;
    if (typeof value === 'string') {
      if (value.length > LONGEST_TEXT)
        throw new Error(`makes a text of more than ${String(LONGEST_TEXT / 2 ** 20)} million characters`);
      this.steps += value.length >> 10;
    } else if (Array.isArray(value)) this.steps += value.length;
    if (this.steps > MOST_STEPS) throw new Error(`does not end within ${String(MOST_STEPS)} steps`);
    return result;
  }
}

/** 26 July 2024, the date that Llama's template falls back to: a prompt must not depend on the day. */
export const DATE_STRING = '26 Jul 2024';
const DATE: Record<string, string> = {
  ...{ Y: '2024', y: '24', m: '07', d: '26', b: 'Jul', B: 'July', a: 'Fri', A: 'Friday', j: '208' },
  ...{ H: '00', M: '00', S: '00', '%': '%' },
};

const GLOBALS = {
  ...{ true: true, false: false, none: null, True: true, False: false, None: null },
  raise_exception: (message: unknown) => {
    throw new Error(`refuses this prompt: ${String(message)}`);
  },
  range: (first: number, end?: number, step = 1): number[] => {
    const [from, to] = end === undefined ? [0, first] : [first, end];
    const count = Math.max(0, Math.ceil((to - from) / step));
    if (!(count <= LONGEST_RANGE)) throw new Error(`counts further than ${String(LONGEST_RANGE)} in range()`);
    return Array.from({ length: count }, (_, i) => from + i * step);
  },
  strftime_now: (format: string) => format.replace(/%([a-zA-Z%])/g, (code, letter: string) => DATE[letter] ?? code),
};

function templateError(template: TemplateFile, variables: Record<string, unknown>, cause: unknown): GlossaError {
  const message = faultOf(cause);
  const line = lineOfFault(template.text, message, (text, more) => {
    try {
      const program = parseTemplate(text);
      if (more !== undefined) run(program, { ...variables, ...more });
    } catch (error) {
      return faultOf(error);
    }
    return undefined;
  });
  return new GlossaError(
    'PROMPT_TEMPLATE',
    `${template.path}${line === undefined ? '' : `:${String(line)}`}: the chat template ${message}`,
    { hint: 'mend the template, name another with prompt.template, or use prompt.style: plain', cause },
  );
}

function faultOf(cause: unknown): string {
  // The parser reads past its last token where a block is left open.
  if (cause instanceof TypeError) return 'is not valid Jinja: a block or bracket is left open, or a value is missing';
  if (cause instanceof SyntaxError) return `is not valid Jinja: ${cause.message}`;
  if (cause instanceof RangeError) {
    return /string length|array length/.test(cause.message)
      ? 'makes a text beyond all bounds'
      : 'calls itself without end';
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return /^(?:refuses|makes|counts|does not end)/.test(message) ? message : `cannot be rendered: ${message}`;
}
