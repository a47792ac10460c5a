import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextSync } from '../base/read_file.js';

/**
 * The prompt style of a model given by its folder, where none is named: plain where its tokenizer has no chat template, or
 * where the run of that folder was plain; else chat. A folder that cannot be read says so when it is opened.
 */
export function folderStyle(path: string): 'chat' | 'plain' {
  const run = entry(join(path, 'run.json'), 'config') as { prompt?: { style?: unknown } } | undefined;
  if (run !== undefined) return run.prompt?.style === 'plain' ? 'plain' : 'chat';
  const hasTokenizer = ['tokenizer.json', 'tokenizer.json.gz'].some((name) => existsSync(join(path, name)));
  if (!hasTokenizer || existsSync(join(path, 'chat_template.jinja'))) return 'chat';
  return entry(join(path, 'tokenizer_config.json'), 'chat_template') == null ? 'plain' : 'chat';
}

/** An entry of a JSON file; undefined where either is missing or the file is damaged. */
function entry(file: string, name: string): unknown {
  if (!existsSync(file)) return undefined;
  try {
    return (JSON.parse(readTextSync(file)) as Record<string, unknown> | null)?.[name];
  } catch {
    return undefined;
  }
}
