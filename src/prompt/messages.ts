import type { Message } from './types.js';

/** Names a message's reasoning goes by; templates read the first, gpt-oss's the second. */
const REASONING = ['reasoning_content', 'thinking', 'reasoning'];

/**
 * A message as Transformers hands it to a template: without fields that are null, and its reasoning, whatever it is called,
 * as `reasoning_content` and `thinking`.
 */
export function normalMessage(message: Message): Message {
  const there = Object.fromEntries(Object.entries(message).filter(([, value]) => value != null)) as Message;
  const name = REASONING.find((each) => there[each] !== undefined);
  return name === undefined ? there : { thinking: there[name], ...there, reasoning_content: there[name] };
}

/** Roles that published templates know; most know the first four. */
const ROLES = ['system', 'user', 'assistant', 'tool', 'developer', 'function', 'ipython', 'environment', 'observation'];

/** What is wrong with a list of messages, and where; undefined where nothing is. */
export function messageFault(given: unknown): string | undefined {
  if (!Array.isArray(given)) return `messages is ${kindOf(given)}, expected a list of {role, content}`;
  for (const [i, message] of given.entries()) {
    const place = `messages[${String(i)}]`;
    if (typeof message !== 'object' || message === null || Array.isArray(message))
      return `${place} is ${kindOf(message)}, expected {role, content}`;
    const { role, content } = message as Partial<Message>;
    if (typeof role !== 'string' || !ROLES.includes(role)) return `${place}: expected a role (${ROLES.join(', ')})`;
    if (content != null && typeof content !== 'string' && !Array.isArray(content))
      return `${place}: content is ${kindOf(content)}, expected a text or a list of parts`;
    const { tool_calls: calls } = message as Message;
    if (content == null && calls == null) return `${place}: expected content`;
  }
  return undefined;
}

/** What is wrong with a list of tools, each a JSON schema; undefined where nothing is. */
export function toolsFault(given: unknown): string | undefined {
  if (!Array.isArray(given)) return `tools is ${kindOf(given)}, expected a list of tools`;
  const bad = given.findIndex((tool) => typeof tool !== 'object' || tool === null || Array.isArray(tool));
  return bad === -1
    ? undefined
    : `tools[${String(bad)}] is ${kindOf(given[bad])}, expected {type: function, function: {name, ...}}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** What a message says: its content, or the texts of its parts one after the other. */
export function textOf({ content }: Message): string {
  if (!Array.isArray(content)) return typeof content === 'string' ? content : '';
  return content
    .map((part: unknown) => {
      const { text } = (part ?? {}) as { text?: unknown };
      return typeof text === 'string' ? text : '';
    })
    .join('');
}
