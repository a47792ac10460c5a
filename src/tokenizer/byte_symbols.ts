/**
 * GPT-2's spelling of bytes as letters: printable Latin-1 characters stand for themselves, the other 68 bytes for U+0100
 * and on, in order. Returns the symbol of each byte.
 */
export function byteSymbols(): string[] {
  const symbols: string[] = [];
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    symbols.push(String.fromCodePoint(printable ? byte : next++));
  }
  return symbols;
}
