/** Text as HTML and XML hold it; control characters, which XML cannot hold, are shown as U+FFFD. */
export const escapeHtml = (text: string): string =>
  printable(text).replace(
    /[&<>"']/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!,
  );

export const printable = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd');

export interface Table {
  head: readonly string[];
  /** Cells are HTML. */
  rows: readonly (readonly string[])[];
  /** Columns of text, from the left; the others are numbers. */
  texts: number;
}

export function table({ head, rows, texts }: Table): string {
  const cell = (tag: 'th' | 'td') => (html: string, column: number) =>
    `<${tag}${column < texts ? ' class="name"' : ''}>${html}</${tag}>`;
  return `<div class="scroll"><table><thead><tr>${head.map(cell('th')).join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`)
    .join('')}</tbody></table></div>`;
}
