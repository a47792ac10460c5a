import { readFile } from 'node:fs/promises';
import type { LoadHook } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Loads TypeScript modules (.ts, .mts) by blanking their types out, so that lines and columns stay; on every Node alike. */
export const load: LoadHook = async (url, context, nextLoad) => {
  if (!/\.m?ts$/.test(url.replace(/[?#].*$/, '')) || !url.startsWith('file:')) return nextLoad(url, context);
  const path = fileURLToPath(url);
  return { format: 'module', shortCircuit: true, source: await stripTypes(await readFile(path, 'utf8'), path) };
};

/** @throws SyntaxError where the module has what is more than types (enum, namespace, parameter properties). */
export async function stripTypes(source: string, path: string): Promise<string> {
  const { default: blankSpace } = await import('ts-blank-space');
  return blankSpace(source, (node) => {
    const start = node.pos + /^\s*/.exec(source.slice(node.pos))![0].length;
    const before = source.slice(0, start).split('\n');
    const [text] = source.slice(start, node.end).split('\n');
    throw new SyntaxError(
      `${path}:${before.length}:${before.at(-1)!.length + 1}: only types are left out, and this is more: ${text!.slice(0, 60)}`,
    );
  });
}
