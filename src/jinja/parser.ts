import type { Budget } from './budget.js';
import { TemplateFault } from './fault.js';
import { FILTERS } from './filters/index.js';
import { tokenize, type Token, type TokenType } from './lexer.js';
import type { Expression, Target } from './nodes.js';
import { TESTS } from './tests.js';

/** Tokens, and what parsing needs to know beside them. Grammar: statements.ts and expressions.ts. */
export class Parser {
  private readonly tokens: Token[];
  private at = 0;
  /** Names loaded so far, for macros that look for their implicit variables. */
  readonly loaded: string[] = [];
  /** Inside `if`, where Jinja looks for filters and tests only when it gets there. */
  soft = false;
  /** Inside a `for` of the same macro, where `break` and `continue` may stand. */
  inLoop = false;
  /** Loops around, macros or not. */
  loops = 0;
  readonly openTags: { tag: string; line: number }[] = [];
  /** Filters and tests that do not exist, outside of `if`. */
  readonly unknown: { name: string; line: number }[] = [];

  constructor(
    template: string,
    readonly budget: Budget,
  ) {
    this.tokens = tokenize(template, budget);
  }

  get token(): Token {
    return this.tokens[this.at]!;
  }

  look(): Token {
    return this.tokens[this.at + 1] ?? this.token;
  }

  next(): Token {
    const { token } = this;
    if (token.type !== 'eof') this.at++;
    return token;
  }

  is(type: TokenType, value?: string): boolean {
    return this.token.type === type && (value === undefined || this.token.value === value);
  }

  isOperator(...values: string[]): boolean {
    return this.token.type === 'operator' && values.includes(this.token.value);
  }

  isName(...values: string[]): boolean {
    return this.token.type === 'name' && values.includes(this.token.value);
  }

  skip(type: TokenType, value?: string): boolean {
    if (!this.is(type, value)) return false;
    this.next();
    return true;
  }

  expect(type: TokenType, value?: string): Token {
    if (this.is(type, value)) return this.next();
    const expected = value ?? DESCRIPTIONS[type] ?? type;
    if (this.is('eof')) this.leftOpen(`expected ${quoted(expected)}`);
    return this.fail(`expected ${quoted(expected)}, found ${this.found()}`);
  }

  /** The token that stands here, in words. */
  found(): string {
    const { type, value } = this.token;
    return quoted(DESCRIPTIONS[type] ?? value);
  }

  leftOpen(detail: string): never {
    const open = this.openTags.at(-1);
    if (open === undefined) return this.fail(`the template ends too early: ${detail}`);
    return this.fail(`${open.tag} is left open: ${detail}`, open.line);
  }

  checkFilter(name: string, line: number): void {
    if (!this.soft && !FILTERS.has(name)) this.unknown.push({ name: `filter named ${quoted(name)}`, line });
  }

  checkTest(name: string, line: number): void {
    if (!this.soft && !TESTS.has(name)) this.unknown.push({ name: `test named ${quoted(name)}`, line });
  }

  fail(message: string, line = this.token.line): never {
    throw new TemplateFault('syntax', message, line);
  }
}

const DESCRIPTIONS: Partial<Record<TokenType, string>> = {
  ...{ data: 'text', variable_begin: '{{', variable_end: '}}', block_begin: '{%', block_end: '%}' },
  ...{ eof: 'the end of the template' },
};

export const quoted = (text: string): string => JSON.stringify(text);

/** An expression as something to assign to. */
export function asTarget(parser: Parser, expression: Expression): Target {
  if (expression.kind === 'name') return expression;
  if (expression.kind !== 'tuple') return parser.fail('this cannot be assigned to', expression.line);
  return { kind: 'tuple', line: expression.line, items: expression.items.map((item) => asTarget(parser, item)) };
}
