import { failure } from './fault.js';
import type { Expression, MacroNode } from './nodes.js';
import type { Scope } from './scope.js';
import { Callable, Dict, firstOf, Tuple, Undefined, type Given, type Value } from './values.js';

type Bind = (scope: Scope, evaluate: (expression: Expression) => Value) => void;

/** A macro as a function. `render` makes its scope, has its arguments bound in it, and renders the body. */
export function makeMacro(node: MacroNode, render: (bind: Bind) => string): Callable {
  const name = node.name ?? 'caller';
  return new Callable(
    name,
    (given) =>
      render((scope, evaluate) => {
        bindArguments(node, name, given, scope, evaluate);
      }),
    'Macro',
  );
}

function bindArguments(
  { parameters, defaults, uses }: MacroNode,
  name: string,
  { positional, named }: Given,
  scope: Scope,
  evaluate: (expression: Expression) => Value,
): void {
  const rest = new Map(named);
  const take = (parameter: string) => {
    const value = rest.get(parameter);
    rest.delete(parameter);
    return value;
  };
  const values = parameters.map((parameter, i) => (i < positional.length ? positional[i] : take(parameter)));
  if (uses.caller) scope.set('caller', firstOf(take('caller'), new Undefined('No caller defined')));
  if (uses.kwargs) scope.set('kwargs', Dict.of(rest));
  else if (rest.size > 0) throw failure(`macro '${name}' takes no keyword argument '${[...rest.keys()][0]!}'`);
  if (uses.varargs) scope.set('varargs', new Tuple(positional.slice(parameters.length)));
  else if (positional.length > parameters.length)
    throw failure(`macro '${name}' takes not more than ${String(parameters.length)} argument(s)`);
  parameters.forEach((parameter, i) => {
    const fallback = defaults[i - (parameters.length - defaults.length)];
    const value = values[i];
    if (value !== undefined) scope.set(parameter, value);
    else if (fallback) scope.set(parameter, evaluate(fallback));
    else scope.set(parameter, new Undefined(`parameter '${parameter}' was not provided`));
  });
}
