import { calculate, signed } from './arithmetic.js';
import { getAttribute, getItem, setMember } from './attributes.js';
import type { Budget } from './budget.js';
import { compare } from './compare.js';
import { failure, TemplateFault, unsupported } from './fault.js';
import { FILTERS } from './filters/index.js';
import { callValue, globalValues } from './globals.js';
import { iterate, toList } from './iterate.js';
import { Loop } from './loop.js';
import { makeMacro } from './macro.js';
import type { Arguments, Expression, FilterNode, ForNode, MacroNode, Statement, Target } from './nodes.js';
import { Output } from './output.js';
import { Printer } from './print.js';
import type { Runtime } from './runtime.js';
import { Scope } from './scope.js';
import { TESTS } from './tests.js';
import type { Callable } from './values.js';
import { Dict, isTrue, refuseUndefined, Slice, textOf, Tuple, Undefined, type Given, type Value } from './values.js';

/** How a body was left before its end. */
type Left = 'break' | 'continue' | undefined;

/** Renders a template's statements. */
export class Interpreter implements Runtime {
  readonly printer: Printer;
  private line = 1;
  private generating = false;

  constructor(
    readonly budget: Budget,
    marks: readonly string[],
    private readonly generation: readonly [begin: string, end: string] = ['', ''],
  ) {
    this.printer = new Printer(budget, marks);
  }

  /** @throws TemplateFault with its line. */
  run(body: readonly Statement[], variables: Iterable<[string, Value]>): string {
    const globals = new Scope();
    for (const [name, value] of globalValues(this.printer)) globals.set(name, value);
    for (const [name, value] of variables) globals.set(name, value);
    const output = new Output(this.budget);
    try {
      this.execute(body, new Scope(globals, true), output);
    } catch (fault) {
      if (fault instanceof TemplateFault) fault.line ??= this.line;
      if (fault instanceof RangeError) throw new TemplateFault('limit', 'nests too deep for the stack', this.line);
      throw fault;
    }
    return output.toString();
  }

  private execute(body: readonly Statement[], scope: Scope, output: Output): Left {
    this.budget.enter();
    for (const statement of body) {
      const left = this.step(statement, scope, output);
      if (left !== undefined) {
        this.budget.leave();
        return left;
      }
    }
    this.budget.leave();
    return undefined;
  }

  private step(statement: Statement, scope: Scope, output: Output): Left {
    this.budget.spend();
    this.line = statement.line;
    switch (statement.kind) {
      case 'data':
        output.write(statement.text);
        return undefined;
      case 'print':
        output.write(this.printer.str(this.evaluate(statement.value, scope)));
        return undefined;
      case 'set':
        this.assign(statement.target, this.evaluate(statement.value, scope), scope);
        return undefined;
      case 'if': {
        const branch = statement.branches.find(({ test }) => isTrue(this.evaluate(test, scope)));
        return this.execute(branch ? branch.body : statement.otherwise, scope, output);
      }
      case 'for':
        return this.loop(statement, scope, output);
      case 'set block': {
        const inner = new Scope(scope);
        const { left, text } = this.captured(statement.body, inner);
        if (left !== undefined) return left;
        const value = statement.filter ? this.applyFilter(statement.filter, inner, text) : text;
        this.assign(statement.target, value, scope);
        return undefined;
      }
      case 'filter block': {
        const inner = new Scope(scope);
        const { left, text } = this.captured(statement.body, inner);
        if (left === undefined) output.write(this.printer.str(this.applyFilter(statement.filter, inner, text)));
        return left;
      }
      case 'with': {
        const inner = new Scope(scope);
        statement.targets.forEach((target, i) => {
          this.assign(target, this.evaluate(statement.values[i]!, scope), inner);
        });
        return this.execute(statement.body, inner, output);
      }
      case 'macro':
        scope.set(statement.name, this.macro(statement.macro, scope));
        return undefined;
      case 'call block': {
        const { callee, args } = statement.call;
        const function_ = this.evaluate(callee, scope);
        const given = this.given(args, scope);
        given.named.set('caller', this.macro(statement.caller, scope));
        output.write(this.printer.str(this.call(function_, given)));
        return undefined;
      }
      case 'generation': {
        // One within another is part of it.
        if (this.generating) return this.execute(statement.body, new Scope(scope), output);
        this.generating = true;
        output.write(this.generation[0]);
        const left = this.execute(statement.body, new Scope(scope), output);
        output.write(this.generation[1]);
        this.generating = false;
        return left;
      }
      case 'block':
        return this.execute(statement.body, new Scope(scope.top), output);
      case 'break':
      case 'continue':
        return statement.kind;
    }
  }

  private captured(body: readonly Statement[], scope: Scope): { left: Left; text: string } {
    const output = new Output(this.budget);
    const left = this.execute(body, scope, output);
    return { left, text: output.toString() };
  }

  private assign(target: Target, value: Value, scope: Scope): void {
    switch (target.kind) {
      case 'name':
        scope.set(target.name, value);
        return;
      case 'member':
        setMember(scope.get(target.object), target.name, value);
        return;
      case 'tuple': {
        const values = toList(value, this.budget);
        const wanted = target.items.length;
        if (values.length > wanted) throw failure(`too many values to unpack (expected ${String(wanted)})`);
        if (values.length < wanted)
          throw failure(`not enough values to unpack (expected ${String(wanted)}, got ${String(values.length)})`);
        target.items.forEach((item, i) => {
          this.assign(item, values[i]!, scope);
        });
      }
    }
  }

  private loop(node: ForNode, scope: Scope, output: Output): Left {
    const iterable = this.evaluate(node.iterable, scope);
    if (!node.recursive) {
      this.turns(node, iterable, scope, output, 0, undefined);
      return undefined;
    }
    const again = (inner: Value, depth0: number): string => {
      const { line } = this;
      const text = new Output(this.budget);
      this.budget.within(() => {
        this.turns(node, inner, scope, text, depth0, again);
      });
      this.line = line;
      return text.toString();
    };
    output.write(again(iterable, 0));
    return undefined;
  }

  private turns(
    node: ForNode,
    iterable: Value,
    scope: Scope,
    output: Output,
    depth0: number,
    again: ((iterable: Value, depth0: number) => Value) | undefined,
  ): void {
    const elements = iterate(iterable, this.budget);
    const items = node.test ? this.chosen(node, node.test, elements, scope) : elements;
    const loop = new Loop(items, node.test ? undefined : iterable, depth0, again, this.budget);
    let finished = 0;
    for (let next = loop.next(); next.done !== true; next = loop.next()) {
      const inner = new Scope(scope);
      inner.set('loop', loop);
      this.assign(node.target, next.value, inner);
      const left = this.execute(node.body, inner, output);
      if (left === 'break') break;
      if (left === undefined) finished++;
    }
    // As in Jinja, turns that were left before their end do not count.
    if (finished === 0) this.execute(node.otherwise, new Scope(scope), output);
  }

  private *chosen(node: ForNode, test: Expression, elements: Generator<Value>, scope: Scope): Generator<Value> {
    for (const element of elements) {
      const inner = new Scope(scope);
      this.assign(node.target, element, inner);
      if (isTrue(this.evaluate(test, inner))) yield element;
    }
  }

  private macro(node: MacroNode, scope: Scope): Callable {
    return makeMacro(node, (bound) => {
      const { line } = this;
      const inner = new Scope(scope);
      bound(inner, (expression) => this.evaluate(expression, inner));
      const { text } = this.captured(node.body, inner);
      this.line = line;
      return text;
    });
  }

  private call(callee: Value, given: Given): Value {
    refuseUndefined(callee);
    if (!(callee instanceof Loop)) return callValue(callee, given);
    const [iterable, ...more] = given.positional;
    if (iterable === undefined || more.length > 0) throw failure('loop() takes what to loop over');
    return callee.recurse(iterable);
  }

  evaluate(node: Expression, scope: Scope): Value {
    this.budget.spend();
    this.budget.enter();
    const value = this.valueOf(node, scope);
    this.budget.leave();
    return value;
  }

  private valueOf(node: Expression, scope: Scope): Value {
    switch (node.kind) {
      case 'constant':
        return node.value;
      case 'name':
        return this.variable(node.name, scope);
      case 'attribute':
        return getAttribute(this.evaluate(node.object, scope), node.name, this.printer);
      case 'item': {
        const object = this.evaluate(node.object, scope);
        return getItem(object, this.evaluate(node.key, scope), this.printer);
      }
      case 'slice': {
        const bound = (side: Expression | undefined) => (side ? this.evaluate(side, scope) : null);
        return new Slice(bound(node.start), bound(node.stop), bound(node.step));
      }
      case 'call': {
        const callee = this.evaluate(node.callee, scope);
        const given = this.given(node.args, scope);
        this.line = node.line;
        return this.call(callee, given);
      }
      case 'filter':
        return this.applyFilter(node, scope, '');
      case 'test':
        return this.test(node.name, this.evaluate(node.input, scope), this.given(node.args, scope)) !== node.negated;
      case 'not':
        return !isTrue(this.evaluate(node.operand, scope));
      case 'negative':
      case 'positive':
        return signed(node.kind, this.evaluate(node.operand, scope));
      case 'and':
      case 'or': {
        const left = this.evaluate(node.left, scope);
        return isTrue(left) === (node.kind === 'or') ? left : this.evaluate(node.right, scope);
      }
      case 'binary': {
        const left = this.evaluate(node.left, scope);
        return calculate(node.operator, left, this.evaluate(node.right, scope), this.printer);
      }
      case 'compare':
        return this.compared(node, scope);
      case 'concat': {
        const output = new Output(this.budget);
        for (const part of node.parts) output.write(this.printer.str(this.evaluate(part, scope)));
        return output.toString();
      }
      case 'conditional':
        if (isTrue(this.evaluate(node.test, scope))) return this.evaluate(node.then, scope);
        return node.otherwise
          ? this.evaluate(node.otherwise, scope)
          : new Undefined(
              `the inline if-expression on line ${String(node.line)} evaluated to false and no else section was defined.`,
            );
      case 'list':
        return node.items.map((item) => this.evaluate(item, scope));
      case 'tuple':
        return new Tuple(node.items.map((item) => this.evaluate(item, scope)));
      case 'dict': {
        const dict = new Dict();
        for (const [key, value] of node.pairs) dict.set(this.evaluate(key, scope), this.evaluate(value, scope));
        return dict;
      }
    }
  }

  private variable(name: string, scope: Scope): Value {
    const value = scope.get(name);
    if (value !== undefined) return value;
    if (name === 'self') throw unsupported('the variable self');
    return new Undefined(`'${name}' is undefined`);
  }

  private compared(node: Extract<Expression, { kind: 'compare' }>, scope: Scope): Value {
    let left = this.evaluate(node.first, scope);
    for (const [sign, expression] of node.rest) {
      const right = this.evaluate(expression, scope);
      if (!compare(sign, left, right, this.budget)) return false;
      left = right;
    }
    return true;
  }

  private given({ positional, named, star, starStar }: Arguments, scope: Scope): Given {
    const given: Given = {
      positional: positional.map((each) => this.evaluate(each, scope)),
      named: new Map(named.map(([name, each]) => [name, this.evaluate(each, scope)])),
    };
    if (star) for (const value of toList(this.evaluate(star, scope), this.budget)) given.positional.push(value);
    if (starStar) {
      const more = this.evaluate(starStar, scope);
      if (!(more instanceof Dict)) throw failure('argument after ** must be a mapping');
      for (const [key, value] of more.entries()) {
        const name = textOf(key);
        if (name === undefined) throw failure('keywords must be strings');
        if (given.named.has(name)) throw failure(`got multiple values for keyword argument '${name}'`);
        given.named.set(name, value);
      }
    }
    return given;
  }

  /** A filter, and those before it; `text` is what a block's first one is given. */
  private applyFilter(node: FilterNode, scope: Scope, text: string): Value {
    const chain = [node];
    let { input } = node;
    for (; input?.kind === 'filter'; input = input.input) chain.push(input);
    let value = input === undefined ? text : this.evaluate(input, scope);
    for (const { name, args, line } of chain.reverse()) {
      const given = this.given(args, scope);
      this.line = line;
      value = this.filter(name, value, given);
    }
    return value;
  }

  filter(name: string, value: Value, given: Given): Value {
    this.budget.spend();
    const filter = FILTERS.get(name);
    if (filter === undefined) throw failure(`No filter named '${name}' found.`);
    return filter(value, given, this);
  }

  test(name: string, value: Value, given: Given): boolean {
    this.budget.spend();
    const test = TESTS.get(name);
    if (test === undefined) throw failure(`No test named '${name}' found.`);
    return test(value, given, this);
  }
}
