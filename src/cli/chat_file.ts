import { text } from 'node:stream/consumers';
import { GlossaError } from '../base/error.js';
import { readText } from '../base/read_file.js';
import { readJson } from '../jinja/index.js';
import { messageFault, toolsFault, type Message, type Tool } from '../prompt/index.js';

/** What `--messages` and `--tools` of a command name. */
export interface ChatOptions {
  messages?: string;
  tools?: string;
}

export interface Chat {
  messages: Message[] | undefined;
  tools: Tool[] | undefined;
}

/**
 * A chat of JSON files, `-` for standard input: a list of messages or `{messages, tools}`, and a list of tools.
 *
 * @throws GlossaError USAGE naming file and place; those of reading a file.
 */
export async function readChat({ messages: messagesFile, tools: toolsFile }: ChatOptions): Promise<Chat> {
  if (messagesFile === '-' && toolsFile === '-')
    throw new GlossaError('USAGE', '--messages and --tools: only one can be standard input');
  const chat: Chat = { messages: undefined, tools: undefined };
  if (messagesFile !== undefined) {
    const given = await readJsonFile('--messages', messagesFile);
    const both = Array.isArray(given) ? { messages: given } : ((given ?? {}) as Record<string, unknown>);
    refuse('--messages', messagesFile, messageFault(both['messages']));
    chat.messages = both['messages'] as Message[];
    if (both['tools'] != null) {
      refuse('--messages', messagesFile, toolsFault(both['tools']));
      chat.tools = both['tools'] as Tool[];
    }
  }
  if (toolsFile !== undefined) {
    const given = await readJsonFile('--tools', toolsFile);
    refuse('--tools', toolsFile, toolsFault(given));
    chat.tools = given as Tool[];
  }
  return chat;
}

async function readJsonFile(option: string, path: string): Promise<unknown> {
  const json = path === '-' ? await text(process.stdin) : await readText(path);
  try {
    return readJson(json);
  } catch (cause) {
    throw new GlossaError('USAGE', `${option} ${path}: no JSON: ${(cause as Error).message}`, { hint: HINT, cause });
  }
}

const HINT = 'docs/prompts.md shows the files of messages and tools';

function refuse(option: string, path: string, fault: string | undefined): void {
  if (fault !== undefined) throw new GlossaError('USAGE', `${option} ${path}: ${fault}`, { hint: HINT });
}
