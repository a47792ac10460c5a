/** A tag of a template: block, output or comment. */
const TAG = /\{%[\s\S]*?%\}|\{\{[\s\S]*?\}\}|\{#[\s\S]*?#\}/g;

/**
 * The line (from 1) on which a template fails; the Jinja library says what is wrong and not where. `faultOf` reads a text
 * of a template, runs it where there are variables to run it with, and says how it fails. Undefined where the line cannot be
 * told for certain.
 */
export function lineOfFault(
  template: string,
  fault: string,
  faultOf: (text: string, variables?: Record<string, unknown>) => string | undefined,
): number | undefined {
  const tags = [...template.matchAll(TAG)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
  const lineAt = (offset: number) => template.slice(0, offset).split('\n').length;

  // While it runs: each tag says that it was reached. In front of a tag one stands wherever the tag itself may.
  let reached: number | undefined;
  let marked = '';
  let copied = 0;
  for (const { start } of tags) {
    marked += `${template.slice(copied, start)}{{ glossa_reached(${String(start)}) }}`;
    copied = start;
  }
  const glossa_reached = (start: number) => {
    reached = start;
    return '';
  };
  if (faultOf(marked + template.slice(copied), { glossa_reached }) === fault && reached !== undefined) {
    return lineAt(reached);
  }

  // While it is read: the shortest beginning that fails in the same way, unless every end does (a block left open).
  if (fault.includes('left open')) return undefined;
  const first = tags.find(({ end }) => faultOf(template.slice(0, end)) === fault);
  return first && lineAt(first.start);
}
