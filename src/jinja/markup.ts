import { Markup, type Value } from './values.js';

const ENTITIES: Record<string, string> = { '&': '&amp;', '>': '&gt;', '<': '&lt;', "'": '&#39;', '"': '&#34;' };

/** A value's text, escaped for HTML unless the value is safe. */
export function escapeHtml(value: Value, text: string): string {
  return value instanceof Markup ? text : text.replace(/[&<>'"]/g, (character) => ENTITIES[character]!);
}
