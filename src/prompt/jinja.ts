import * as library from '@huggingface/jinja';

/** A parsed template; nobody here looks into it. */
export type Program = object;
/** What an expression or block evaluates to. */
export interface RuntimeValue {
  readonly value: unknown;
}
interface Environment {
  set(name: string, value: unknown): void;
}
interface Interpreter {
  run(program: Program): RuntimeValue;
  evaluate(node: object | undefined, scope: object): RuntimeValue;
}

/** What is used of the Jinja library; its own declarations do not resolve under NodeNext. */
export const { Environment, Interpreter, parse, tokenize } = library as unknown as {
  Environment: new () => Environment;
  Interpreter: new (globals: Environment) => Interpreter;
  parse: (tokens: object[]) => Program;
  tokenize: (text: string, options: { lstrip_blocks: boolean; trim_blocks: boolean }) => object[];
};
