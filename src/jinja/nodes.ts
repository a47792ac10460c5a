import type { Value } from './values.js';

/** Arguments of a call, filter or test. */
export interface Arguments {
  positional: Expression[];
  named: [string, Expression][];
  /** `*list` and `**dict`. */
  star?: Expression;
  starStar?: Expression;
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export interface FilterNode {
  kind: 'filter';
  line: number;
  /** Undefined where a block's text is the input. */
  input: Expression | undefined;
  name: string;
  args: Arguments;
}

export interface CallNode {
  kind: 'call';
  line: number;
  callee: Expression;
  args: Arguments;
}

export interface SliceNode {
  kind: 'slice';
  line: number;
  start: Expression | undefined;
  stop: Expression | undefined;
  step: Expression | undefined;
}

export type Expression =
  | { kind: 'constant'; line: number; value: Value }
  | { kind: 'name'; line: number; name: string }
  | { kind: 'list' | 'tuple'; line: number; items: Expression[] }
  | { kind: 'dict'; line: number; pairs: [Expression, Expression][] }
  | { kind: 'attribute'; line: number; object: Expression; name: string }
  | { kind: 'item'; line: number; object: Expression; key: Expression }
  | SliceNode
  | CallNode
  | FilterNode
  | { kind: 'test'; line: number; input: Expression; name: string; args: Arguments; negated: boolean }
  | { kind: 'not' | 'negative' | 'positive'; line: number; operand: Expression }
  | { kind: 'and' | 'or'; line: number; left: Expression; right: Expression }
  | { kind: 'binary'; line: number; operator: BinaryOperator; left: Expression; right: Expression }
  | { kind: 'compare'; line: number; first: Expression; rest: [Comparison, Expression][] }
  | { kind: 'concat'; line: number; parts: Expression[] }
  | { kind: 'conditional'; line: number; test: Expression; then: Expression; otherwise: Expression | undefined };

/** What is assigned to. */
export type Target =
  | { kind: 'name'; line: number; name: string }
  | { kind: 'member'; line: number; object: string; name: string }
  | { kind: 'tuple'; line: number; items: Target[] };

export interface Signature {
  parameters: string[];
  /** Of the last parameters. */
  defaults: Expression[];
}

export interface MacroNode extends Signature {
  name: string | undefined;
  line: number;
  body: Statement[];
  /** Which of its implicit variables the body names. */
  uses: { caller: boolean; kwargs: boolean; varargs: boolean };
}

export interface ForNode {
  kind: 'for';
  line: number;
  target: Target;
  iterable: Expression;
  test: Expression | undefined;
  recursive: boolean;
  body: Statement[];
  otherwise: Statement[];
}

export type Statement =
  | { kind: 'data'; line: number; text: string }
  | { kind: 'print'; line: number; value: Expression }
  | { kind: 'set'; line: number; target: Target; value: Expression }
  | { kind: 'set block'; line: number; target: Target; filter: FilterNode | undefined; body: Statement[] }
  | ForNode
  | { kind: 'if'; line: number; branches: { test: Expression; body: Statement[] }[]; otherwise: Statement[] }
  | { kind: 'with'; line: number; targets: Target[]; values: Expression[]; body: Statement[] }
  | { kind: 'macro'; line: number; name: string; macro: MacroNode }
  | { kind: 'call block'; line: number; call: CallNode; caller: MacroNode }
  | { kind: 'filter block'; line: number; filter: FilterNode; body: Statement[] }
  | { kind: 'block'; line: number; body: Statement[] }
  | { kind: 'generation'; line: number; body: Statement[] }
  | { kind: 'break' | 'continue'; line: number };
