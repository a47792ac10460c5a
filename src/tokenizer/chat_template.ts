import { join } from 'node:path';
import { readTextIfThere } from '../base/read_file.js';
import { invalid, type JsonFile } from './tokenizer_file.js';
import type { TemplateFile } from './types.js';

/**
 * chat_template.jinja, else `chat_template` of tokenizer_config.json: a text, or a list of `{name, template}` of which the one
 * named default counts.
 *
 * @throws GlossaError TOKENIZER_INVALID naming file and entry.
 */
export async function chatTemplateOf(dir: string, config: JsonFile): Promise<TemplateFile | undefined> {
  const file = join(dir, 'chat_template.jinja');
  const own = await readTextIfThere(file);
  if (own !== undefined) return { path: file, text: own };
  const given = config.value['chat_template'];
  if (given == null) return undefined;
  const list: unknown[] = Array.isArray(given) ? given : [{ name: 'default', template: given }];
  const templates = list.map((entry, at) => {
    const { name, template } = (entry ?? {}) as { name?: unknown; template?: unknown };
    if (typeof template === 'string') return { name, template };
    const [place, what] = Array.isArray(given)
      ? [`chat_template[${String(at)}]`, '{name, template}']
      : ['chat_template', 'text'];
    throw invalid(config.path, `: ${place} is ${kindOf(Array.isArray(given) ? entry : given)}, expected ${what}`);
  });
  const text = (templates.find(({ name }) => name === 'default') ?? templates[0])?.template;
  return text === undefined ? undefined : { path: config.path, text };
}

const kindOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value);
