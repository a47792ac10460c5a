import type { Arguments, BinaryOperator, CallNode, Comparison, Expression, FilterNode, SliceNode } from './nodes.js';
import { quoted, type Parser } from './parser.js';

/** Jinja's expressions, from the loosest binding to the tightest. */
export function parseExpression(parser: Parser, { conditional = true } = {}): Expression {
  return parser.budget.within(() => (conditional ? parseConditional(parser) : parseOr(parser)));
}

function parseConditional(parser: Parser): Expression {
  const unknown = parser.unknown.length;
  let left = parseOr(parser);
  while (parser.isName('if')) {
    const { line } = parser.next();
    const test = parseOr(parser);
    const otherwise = parser.skip('name', 'else') ? parser.budget.within(() => parseConditional(parser)) : undefined;
    left = { kind: 'conditional', line, test, then: left, otherwise };
    parser.unknown.length = unknown; // known to be missing only where it is come to
  }
  return left;
}

function parseOr(parser: Parser): Expression {
  let left = parseAnd(parser);
  while (parser.isName('or')) {
    const { line } = parser.next();
    left = { kind: 'or', line, left, right: parseAnd(parser) };
  }
  return left;
}

function parseAnd(parser: Parser): Expression {
  let left = parseNot(parser);
  while (parser.isName('and')) {
    const { line } = parser.next();
    left = { kind: 'and', line, left, right: parseNot(parser) };
  }
  return left;
}

function parseNot(parser: Parser): Expression {
  if (!parser.isName('not')) return parseCompare(parser);
  const { line } = parser.next();
  return { kind: 'not', line, operand: parser.budget.within(() => parseNot(parser)) };
}

function parseCompare(parser: Parser): Expression {
  const first = parseSum(parser);
  const rest: [Comparison, Expression][] = [];
  for (;;) {
    if (parser.isOperator('==', '!=', '<', '<=', '>', '>='))
      rest.push([parser.next().value as Comparison, parseSum(parser)]);
    else if (parser.skip('name', 'in')) rest.push(['in', parseSum(parser)]);
    else if (parser.isName('not') && parser.look().type === 'name' && parser.look().value === 'in') {
      parser.next();
      parser.next();
      rest.push(['not in', parseSum(parser)]);
    } else return rest.length === 0 ? first : { kind: 'compare', line: first.line, first, rest };
  }
}

function parseBinary(operators: BinaryOperator[], tighter: (parser: Parser) => Expression) {
  return (parser: Parser): Expression => {
    let left = tighter(parser);
    while (parser.isOperator(...operators)) {
      const { value, line } = parser.next();
      left = { kind: 'binary', line, operator: value as BinaryOperator, left, right: tighter(parser) };
    }
    return left;
  };
}

const parsePower = parseBinary(['**'], (parser) => parseUnary(parser));
const parseProduct = parseBinary(['*', '/', '//', '%'], parsePower);
const parseSum = parseBinary(['+', '-'], parseConcat);

function parseConcat(parser: Parser): Expression {
  const { line } = parser.token;
  const parts = [parseProduct(parser)];
  while (parser.skip('operator', '~')) parts.push(parseProduct(parser));
  return parts.length === 1 ? parts[0]! : { kind: 'concat', line, parts };
}

/** A sign binds tighter than a filter behind it and looser than a subscript. */
function parseUnary(parser: Parser, withFilter = true): Expression {
  const { line } = parser.token;
  let node: Expression;
  if (parser.isOperator('-', '+')) {
    const kind = parser.next().value === '-' ? 'negative' : 'positive';
    node = { kind, line, operand: parser.budget.within(() => parseUnary(parser, false)) };
  } else node = parsePrimary(parser);
  node = parsePostfix(parser, node);
  return withFilter ? parseFilters(parser, node) : node;
}

/** Names that are values, and cannot be assigned to. */
export const CONSTANTS: Record<string, boolean | null> = {
  ...{ true: true, True: true, false: false, False: false, none: null, None: null },
};

function parsePrimary(parser: Parser): Expression {
  const { type, value, line } = parser.token;
  if (type === 'name') {
    parser.next();
    if (Object.hasOwn(CONSTANTS, value)) return { kind: 'constant', line, value: CONSTANTS[value]! };
    parser.loaded.push(value);
    return { kind: 'name', line, name: value };
  }
  if (type === 'string') {
    let text = '';
    while (parser.is('string')) text += parser.next().value;
    return { kind: 'constant', line, value: text };
  }
  if (type === 'integer' || type === 'float') {
    parser.next();
    const digits = value.replaceAll('_', '');
    if (type === 'float') return { kind: 'constant', line, value: Number(digits) };
    parser.budget.integer(digits.length * 4);
    return { kind: 'constant', line, value: BigInt(digits) };
  }
  if (parser.skip('operator', '(')) {
    const inner = parser.budget.within(() => parseTuple(parser, { parenthesised: true }));
    parser.expect('operator', ')');
    return inner;
  }
  if (parser.isOperator('[')) {
    parser.next();
    return { kind: 'list', line, items: parseItems(parser, ']', () => parseExpression(parser)) };
  }
  if (parser.isOperator('{')) {
    parser.next();
    const pairs = parseItems(parser, '}', (): [Expression, Expression] => {
      const key = parseExpression(parser);
      parser.expect('operator', ':');
      return [key, parseExpression(parser)];
    });
    return { kind: 'dict', line, pairs };
  }
  if (type === 'eof') return parser.leftOpen('expected an expression');
  return parser.fail(`expected an expression, found ${parser.found()}`);
}

/** Items with commas between them, one behind the last allowed, and the bracket that ends them. */
function parseItems<T>(parser: Parser, close: string, item: () => T): T[] {
  const items: T[] = [];
  while (!parser.isOperator(close)) {
    if (items.length > 0) parser.expect('operator', ',');
    if (parser.isOperator(close)) break;
    items.push(item());
  }
  parser.expect('operator', close);
  return items;
}

interface TupleOptions {
  conditional?: boolean;
  parenthesised?: boolean;
  /** A name that ends it too. */
  end?: string;
  /** Only names and literals. */
  simple?: boolean;
}

/** One expression, or a tuple where commas follow. */
export function parseTuple(
  parser: Parser,
  { conditional = true, parenthesised = false, end, simple = false }: TupleOptions = {},
): Expression {
  const { line } = parser.token;
  const items: Expression[] = [];
  let isTuple = false;
  for (;;) {
    if (items.length > 0) parser.expect('operator', ',');
    if (
      parser.is('variable_end') ||
      parser.is('block_end') ||
      parser.isOperator(')') ||
      (end !== undefined && parser.isName(end))
    )
      break;
    items.push(simple ? parser.budget.within(() => parsePrimary(parser)) : parseExpression(parser, { conditional }));
    if (!parser.isOperator(',')) break;
    isTuple = true;
  }
  if (isTuple || (items.length === 0 && parenthesised)) return { kind: 'tuple', line, items };
  if (items.length === 0) parser.fail(`expected an expression, found ${parser.found()}`);
  return items[0]!;
}

function parsePostfix(parser: Parser, from: Expression): Expression {
  let node = from;
  for (;;) {
    if (parser.isOperator('.')) node = parseMember(parser, node);
    else if (parser.isOperator('[')) node = parseSubscript(parser, node);
    else if (parser.isOperator('(')) node = parseCall(parser, node);
    else return node;
  }
}

function parseMember(parser: Parser, object: Expression): Expression {
  const { line } = parser.next();
  const { type, value } = parser.next();
  if (type === 'name') return { kind: 'attribute', line, object, name: value };
  if (type !== 'integer') parser.fail('expected a name or number behind the dot', line);
  return { kind: 'item', line, object, key: { kind: 'constant', line, value: BigInt(value.replaceAll('_', '')) } };
}

function parseSubscript(parser: Parser, object: Expression): Expression {
  const { line } = parser.next();
  const keys: Expression[] = [];
  while (!parser.isOperator(']')) {
    if (keys.length > 0) parser.expect('operator', ',');
    keys.push(parseKey(parser));
  }
  parser.expect('operator', ']');
  const key: Expression = keys.length === 1 ? keys[0]! : { kind: 'tuple', line, items: keys };
  return { kind: 'item', line, object, key };
}

function parseKey(parser: Parser): Expression {
  const { line } = parser.token;
  const bound = () => (parser.isOperator(':') || parser.isOperator(']', ',') ? undefined : parseExpression(parser));
  const start = bound();
  if (!parser.skip('operator', ':')) {
    return start ?? parser.fail(`expected an expression, found ${parser.found()}`);
  }
  const slice: SliceNode = { kind: 'slice', line, start, stop: bound(), step: undefined };
  if (parser.skip('operator', ':')) slice.step = bound();
  return slice;
}

function parseCall(parser: Parser, callee: Expression): CallNode {
  const { line } = parser.token;
  return { kind: 'call', line, callee, args: parseArguments(parser) };
}

function parseArguments(parser: Parser): Arguments {
  const { line } = parser.expect('operator', '(');
  const args: Arguments = { positional: [], named: [] };
  const names = new Set<string>();
  const order = (holds: boolean) => {
    if (!holds) parser.fail('arguments stand in the wrong order', line);
  };
  parseItems(parser, ')', () => {
    if (parser.skip('operator', '*')) {
      order(args.star === undefined && args.starStar === undefined);
      args.star = parseExpression(parser);
    } else if (parser.skip('operator', '**')) {
      order(args.starStar === undefined);
      args.starStar = parseExpression(parser);
    } else if (parser.is('name') && parser.look().type === 'operator' && parser.look().value === '=') {
      order(args.starStar === undefined);
      const name = parser.next().value;
      parser.next();
      if (names.has(name)) parser.fail(`the argument ${name} is given twice`, line);
      names.add(name);
      args.named.push([name, parseExpression(parser)]);
    } else {
      order(args.star === undefined && args.starStar === undefined && args.named.length === 0);
      args.positional.push(parseExpression(parser));
    }
  });
  return args;
}

/** Filters, tests and calls behind an expression. */
function parseFilters(parser: Parser, from: Expression): Expression {
  let node = from;
  for (;;) {
    if (parser.isOperator('|')) {
      parser.next();
      node = parseFilter(parser, node);
    } else if (parser.isName('is')) node = parseTest(parser, node);
    else if (parser.isOperator('(')) node = parseCall(parser, node);
    else return node;
  }
}

/** A filter's name and arguments, behind its bar. */
function parseFilter(parser: Parser, input: Expression | undefined): FilterNode {
  const { line } = parser.token;
  const name = parseDotted(parser);
  const args = parser.isOperator('(') ? parseArguments(parser) : { positional: [], named: [] };
  parser.checkFilter(name, line);
  return { kind: 'filter', line, input, name, args };
}

/** `name | name ...` of a block whose text is the input; undefined where none stands. */
export function parseFilterChain(parser: Parser, begin: 'bar' | 'name'): FilterNode | undefined {
  if (begin === 'bar' && !parser.skip('operator', '|')) return undefined;
  let node = parseFilter(parser, undefined);
  while (parser.skip('operator', '|')) node = parseFilter(parser, node);
  return node;
}

function parseDotted(parser: Parser): string {
  let name = parser.expect('name').value;
  while (parser.skip('operator', '.')) name += `.${parser.expect('name').value}`;
  return name;
}

function parseTest(parser: Parser, input: Expression): Expression {
  const { line } = parser.next();
  const negated = parser.skip('name', 'not');
  const name = parseDotted(parser);
  let args: Arguments = { positional: [], named: [] };
  if (parser.isOperator('(')) args = parseArguments(parser);
  else if (
    (['name', 'string', 'integer', 'float'].includes(parser.token.type) || parser.isOperator('[', '{')) &&
    !parser.isName('else', 'or', 'and')
  ) {
    if (parser.isName('is')) parser.fail(`tests cannot be chained: ${quoted('is')} behind a test`);
    args.positional.push(parsePostfix(parser, parsePrimary(parser)));
  }
  parser.checkTest(name, line);
  return { kind: 'test', line, input, name, args, negated };
}
