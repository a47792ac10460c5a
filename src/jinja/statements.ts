import type { Budget } from './budget.js';
import { TemplateFault } from './fault.js';
import { CONSTANTS, parseExpression, parseFilterChain, parseTuple } from './expressions.js';
import type { Expression, MacroNode, Signature, Statement, Target } from './nodes.js';
import { asTarget, Parser, quoted } from './parser.js';

/** A template's statements. @throws TemplateFault syntax, limit or unsupported. */
export function parseTemplate(template: string, budget: Budget): Statement[] {
  const parser = new Parser(template, budget);
  try {
    const statements = parseBody(parser, []);
    const [unknown] = parser.unknown;
    if (unknown) parser.fail(`there is no ${unknown.name}`, unknown.line);
    return statements;
  } catch (fault) {
    if (fault instanceof TemplateFault) fault.line ??= parser.token.line;
    throw fault;
  }
}

/** Statements up to a tag of one of these names, whose name is then the next token; without names to the end. */
function parseBody(parser: Parser, ends: string[]): Statement[] {
  const body: Statement[] = [];
  for (;;) {
    const { type, value, line } = parser.next();
    if (type === 'eof') {
      if (ends.length > 0) parser.leftOpen(`expected ${ends.map((end) => `{% ${end} %}`).join(' or ')}`);
      return body;
    }
    if (type === 'data') body.push({ kind: 'data', line, text: value });
    else if (type === 'variable_begin') {
      body.push({ kind: 'print', line, value: parseTuple(parser) });
      parser.expect('variable_end');
    } else {
      if (parser.isName(...ends)) return body;
      body.push(...parser.budget.within(() => parseStatement(parser)));
      parser.expect('block_end');
    }
  }
}

/** A tag's body: behind the tag's end (a colon may stand there, as in Python), up to one of the ends. */
function parseInner(parser: Parser, ends: string[]): Statement[] {
  parser.skip('operator', ':');
  parser.expect('block_end');
  return parseBody(parser, ends);
}

function parseClosed(parser: Parser, end: string): Statement[] {
  const body = parseInner(parser, [end]);
  parser.next();
  return body;
}

function parseStatement(parser: Parser): Statement[] {
  if (!parser.is('name')) parser.fail(`expected a tag's name, found ${parser.found()}`);
  const { value: tag, line } = parser.next();
  const parse = Object.hasOwn(TAGS, tag) ? TAGS[tag] : undefined;
  if (parse === undefined) {
    if (LEFT_OUT.includes(tag))
      throw new TemplateFault('unsupported', `uses {% ${tag} %}, which is not supported here`, line);
    const open = parser.openTags.at(-1);
    return parser.fail(`unknown tag ${quoted(tag)}${open === undefined ? '' : ` inside ${open.tag}`}`, line);
  }
  parser.openTags.push({ tag: `{% ${tag} %}`, line });
  const statements = parse(parser, line);
  parser.openTags.pop();
  return Array.isArray(statements) ? statements : [statements];
}

/** Tags that need other templates, or escaping. */
const LEFT_OUT = ['include', 'import', 'from', 'extends', 'autoescape'];

const TAGS: Record<string, (parser: Parser, line: number) => Statement | Statement[]> = {
  set: parseSet,
  for: parseFor,
  if: parseIf,
  with: parseWith,
  macro: (parser, line) => {
    const name = parser.expect('name').value;
    return { kind: 'macro', line, name, macro: parseMacro(parser, line, name, 'endmacro', parseSignature(parser)) };
  },
  call: parseCallBlock,
  filter: (parser, line) => ({
    kind: 'filter block',
    line,
    filter: parseFilterChain(parser, 'name')!,
    body: hard(parser, () => parseClosed(parser, 'endfilter')),
  }),
  block: parseBlock,
  generation: (parser, line) => ({
    kind: 'generation',
    line,
    body: outsideLoop(parser, () => parseClosed(parser, 'endgeneration')),
  }),
  print: (parser, line) => {
    const printed: Statement[] = [];
    while (!parser.is('block_end')) {
      if (printed.length > 0) parser.expect('operator', ',');
      printed.push({ kind: 'print', line, value: parseExpression(parser) });
    }
    return printed;
  },
  break: (parser, line) => parseLeave(parser, 'break', line),
  continue: (parser, line) => parseLeave(parser, 'continue', line),
};

/** A body of its own scope: Jinja looks for its filters when it reads the template, `if` around it or not. */
function hard<T>(parser: Parser, parse: () => T): T {
  const { soft } = parser;
  parser.soft = false;
  const parsed = parse();
  parser.soft = soft;
  return parsed;
}

function outsideLoop<T>(parser: Parser, parse: () => T): T {
  const { inLoop } = parser;
  parser.inLoop = false;
  const parsed = hard(parser, parse);
  parser.inLoop = inLoop;
  return parsed;
}

function parseTarget(parser: Parser, options: { end?: string } = {}): Target {
  return asTarget(parser, parseTuple(parser, { simple: true, ...options }));
}

function parseSet(parser: Parser, line: number): Statement {
  const target = parseSetTarget(parser);
  if (parser.loops > 0) refuseLoop(parser, target);
  if (parser.skip('operator', '=')) return { kind: 'set', line, target, value: parseTuple(parser) };
  const filter = parseFilterChain(parser, 'bar');
  return { kind: 'set block', line, target, filter, body: hard(parser, () => parseClosed(parser, 'endset')) };
}

/** As other targets; members of a namespace too. */
function parseSetTarget(parser: Parser): Target {
  const { line } = parser.token;
  const items: Target[] = [];
  let isTuple = false;
  do {
    if (parser.is('block_end') || parser.isOperator('=')) break;
    items.push(parseMemberTarget(parser));
  } while (parser.isOperator(',') && (isTuple = true) && parser.next());
  if (isTuple) return { kind: 'tuple', line, items };
  return items[0] ?? parser.fail(`expected a name, found ${parser.found()}`);
}

function parseMemberTarget(parser: Parser): Target {
  const { token } = parser;
  if (parser.is('name') && parser.look().type === 'operator' && parser.look().value === '.') {
    parser.next();
    parser.next();
    return { kind: 'member', line: token.line, object: token.value, name: parser.expect('name').value };
  }
  if (parser.isOperator('(')) return parseTarget(parser);
  const name = parser.expect('name');
  if (Object.hasOwn(CONSTANTS, name.value)) parser.fail(`${name.value} cannot be assigned to`, name.line);
  return { kind: 'name', line: name.line, name: name.value };
}

function parseFor(parser: Parser, line: number): Statement {
  const target = parseTarget(parser, { end: 'in' });
  refuseLoop(parser, target);
  parser.expect('name', 'in');
  const iterable = parseTuple(parser, { conditional: false, end: 'recursive' });
  const test = parser.skip('name', 'if') ? hard(parser, () => parseExpression(parser)) : undefined;
  const recursive = parser.skip('name', 'recursive');
  const { inLoop } = parser;
  parser.inLoop = true;
  parser.loops++;
  const body = hard(parser, () => parseInner(parser, ['endfor', 'else']));
  parser.inLoop = inLoop;
  const otherwise = parser.next().value === 'else' ? hard(parser, () => parseClosed(parser, 'endfor')) : [];
  parser.loops--;
  return { kind: 'for', line, target, iterable, test, recursive, body, otherwise };
}

function refuseLoop(parser: Parser, target: Target): void {
  if (target.kind === 'name' && target.name === 'loop')
    parser.fail('loop is the loop itself and cannot be assigned to', target.line);
  if (target.kind === 'tuple') for (const item of target.items) refuseLoop(parser, item);
}

function parseIf(parser: Parser, line: number): Statement {
  const { soft } = parser;
  parser.soft = true;
  const branches: { test: Expression; body: Statement[] }[] = [];
  let otherwise: Statement[] = [];
  for (;;) {
    const test = parseTuple(parser, { conditional: false });
    branches.push({ test, body: parseInner(parser, ['elif', 'else', 'endif']) });
    const { value } = parser.next();
    if (value === 'elif') continue;
    if (value === 'else') otherwise = parseClosed(parser, 'endif');
    break;
  }
  parser.soft = soft;
  return { kind: 'if', line, branches, otherwise };
}

function parseWith(parser: Parser, line: number): Statement {
  const targets: Target[] = [];
  const values: Expression[] = [];
  while (!parser.is('block_end')) {
    if (targets.length > 0) parser.expect('operator', ',');
    targets.push(parseTarget(parser));
    parser.expect('operator', '=');
    values.push(parseExpression(parser));
  }
  return { kind: 'with', line, targets, values, body: hard(parser, () => parseClosed(parser, 'endwith')) };
}

function parseSignature(parser: Parser): Signature {
  const signature: Signature = { parameters: [], defaults: [] };
  const names = new Set<string>();
  parser.expect('operator', '(');
  while (!parser.isOperator(')')) {
    if (signature.parameters.length > 0) parser.expect('operator', ',');
    const { value, line } = parser.expect('name');
    if (names.has(value)) parser.fail(`the parameter ${value} stands there twice`, line);
    if (parser.skip('operator', '=')) signature.defaults.push(parseExpression(parser));
    else if (signature.defaults.length > 0)
      parser.fail(`the parameter ${value} needs a default, as the one before it has one`, line);
    signature.parameters.push(value);
    names.add(value);
  }
  parser.next();
  return signature;
}

function parseMacro(
  parser: Parser,
  line: number,
  name: string | undefined,
  end: string,
  signature: Signature,
): MacroNode {
  const from = parser.loaded.length;
  const body = outsideLoop(parser, () => parseClosed(parser, end));
  const loaded = new Set(parser.loaded.slice(from));
  const { parameters, defaults } = signature;
  const uses = (variable: string) => loaded.has(variable) && !parameters.includes(variable);
  const callerAt = parameters.indexOf('caller');
  if (callerAt !== -1 && loaded.has('caller') && callerAt < parameters.length - defaults.length)
    parser.fail('the parameter caller needs a default', line);
  return {
    ...signature,
    ...{ name, line, body },
    uses: { caller: uses('caller'), kwargs: uses('kwargs'), varargs: uses('varargs') },
  };
}

function parseCallBlock(parser: Parser, line: number): Statement {
  const signature = parser.isOperator('(') ? parseSignature(parser) : { parameters: [], defaults: [] };
  const call: Expression = parseExpression(parser);
  if (call.kind !== 'call') parser.fail('{% call %} needs a call', line);
  return {
    kind: 'call block',
    line,
    call,
    caller: parseMacro(parser, line, undefined, 'endcall', signature),
  };
}

function parseBlock(parser: Parser, line: number): Statement {
  const name = parser.expect('name').value;
  parser.skip('name', 'scoped');
  if (parser.isName('required'))
    throw new TemplateFault('unsupported', 'uses a required block, which is not supported here', line);
  const body = outsideLoop(parser, () => parseClosed(parser, 'endblock'));
  parser.skip('name', name);
  return { kind: 'block', line, body };
}

function parseLeave(parser: Parser, kind: 'break' | 'continue', line: number): Statement {
  if (!parser.inLoop) parser.fail(`{% ${kind} %} stands outside of a loop`, line);
  return { kind, line };
}
