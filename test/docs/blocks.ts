import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ROOT } from '../e2e/glossa.js';

/** A fenced or indented block of a page, or code in a line. */
export interface Block {
  /** Page and line, for messages. */
  place: string;
  /** What stands behind the fence: sh, yaml, js ...; '' without one, `indented`, or `inline`. */
  kind: string;
  text: string;
  /** Name of the file that the block is: its first line is a comment with nothing but a name. */
  file: string | undefined;
}

const FILE_COMMENT = /^(?:#|\/\/|\{#)\s*([\w./-]+\.\w+)\s*(?:#\})?$/;

/** The blocks of a Markdown page, in order. */
export async function blocksOf(page: string): Promise<Block[]> {
  const lines = (await readFile(join(ROOT, page), 'utf8')).split('\n');
  const blocks: Block[] = [];
  const add = (line: number, kind: string, text: string) => {
    const file = FILE_COMMENT.exec(text.split('\n')[0]!)?.[1];
    blocks.push({ place: `${basename(page)}:${String(line)}`, kind, text, file });
  };
  for (let i = 0; i < lines.length; i++) {
    const fence = /^```(\S*)/.exec(lines[i]!);
    if (fence) {
      const end = lines.indexOf('```', i + 1);
      add(i + 1, fence[1]!, lines.slice(i + 1, end).join('\n'));
      i = end;
    } else if (/^ {4}\S/.test(lines[i]!) && lines[i - 1] === '') {
      const from = i;
      while (/^ {4}|^$/.test(lines[i + 1] ?? 'x')) i++;
      add(from + 1, 'indented', lines.slice(from, i + 1).join('\n'));
    } else {
      for (const [, code] of lines[i]!.matchAll(/`([^`]+)`/g)) add(i + 1, 'inline', code!);
    }
  }
  return blocks;
}

/** The words of a line of sh, without its comment; pipes and redirections are words of their own. */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  const token = /\s+|(#.*$)|([|><&;]+)|((?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s|><&;'"\\])+)/gy;
  for (const match of line.matchAll(token)) {
    if (match[1] !== undefined) break;
    const word = match[2] ?? match[3];
    if (word !== undefined) words.push(word.replaceAll(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, '$1$2$3'));
  }
  return words;
}
