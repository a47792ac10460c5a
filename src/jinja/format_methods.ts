import { formatBraces, type Reach } from './brace_format.js';
import { failure } from './fault.js';
import { bind } from './given.js';
import type { Method, Methods } from './methods.js';
import { Dict, Markup, sameKind, textOf, type Value } from './values.js';

/** Methods of texts that reach into the values they are given. */
export function formatMethods(reach: Reach): Methods {
  const format: Method = (self, given, printer) =>
    sameKind(self, formatBraces(textOf(self)!, given, { printer, reach, escaping: self instanceof Markup }));
  return {
    format,
    format_map: (self, given, printer) => {
      const [values] = bind('format_map', given, ['mapping'], { required: 1, positionalOnly: true });
      if (!(values instanceof Dict)) throw failure('format_map() needs a mapping');
      const named = new Map<string, Value>();
      for (const [key, value] of values.entries()) if (typeof key === 'string') named.set(key, value);
      return format(self, { positional: [], named }, printer);
    },
  };
}
